//go:build ignore

// Writes the Parquet and Arrow files of systems/ from the JSON lines there, in the shapes that BigQuery, Hugging Face's
// datasets and lighteval give them: go run make_columnar.go, after make_tables.py.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	aa "github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	pq "github.com/parquet-go/parquet-go"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// read gives the records of a file of JSON lines.
func read[T any](name string) (rows []T) {
	f, err := os.Open(filepath.Join("systems", name))
	check(err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var row T
		check(json.Unmarshal(lines.Bytes(), &row))
		rows = append(rows, row)
	}
	check(lines.Err())
	return rows
}

// write writes a Parquet file, in row groups of a few rows.
func write[T any](name string, rows []T, options ...pq.WriterOption) {
	f, err := os.Create(filepath.Join("systems", name))
	check(err)
	w := pq.NewGenericWriter[T](f, append(options, pq.Compression(&pq.Snappy), pq.CreatedBy("surprisal", "test", "1"))...)
	for len(rows) > 0 {
		n := min(7, len(rows))
		_, err := w.Write(rows[:n])
		check(err)
		check(w.Flush())
		rows = rows[n:]
	}
	check(w.Close())
	check(f.Close())
}

type pair struct {
	Label *string  `parquet:"label" json:"label"`
	Prob  *float64 `parquet:"prob" json:"prob"`
}

type flowers struct {
	Predicted string  `parquet:"predicted_species,optional" json:"predicted_species"`
	Probs     []pair  `parquet:"predicted_species_probs,list" json:"predicted_species_probs"`
	Length    float64 `parquet:"sepal_length,optional" json:"sepal_length"`
	Species   string  `parquet:"species,optional" json:"species"`
}

// Labels that are integers are text in BigQuery's JSON, and integers here; the
// list has no levels of its own, as other writers make them.
type buys struct {
	Predicted int64 `parquet:"predicted_buys"`
	Probs     []struct {
		Label int64   `parquet:"label"`
		Prob  float64 `parquet:"prob"`
	} `parquet:"predicted_buys_probs"`
	Buys int64 `parquet:"buys"`
}

type plain struct {
	Label      string  `parquet:"label,dict" json:"label"`
	Setosa     float64 `parquet:"p_setosa" json:"p_setosa"`
	Versicolor float64 `parquet:"p_versicolor" json:"p_versicolor"`
	Virginica  float64 `parquet:"p_virginica" json:"p_virginica"`
}

type flower struct {
	ID         int64     `parquet:"id" json:"id"`
	Label      int64     `parquet:"label" json:"label"`
	Prediction int64     `parquet:"prediction" json:"prediction"`
	Probs      []float64 `parquet:"probs,list" json:"probs"`
}

// What Hugging Face's datasets writes about the columns.
const huggingFace = `{"info": {"features": {"id": {"dtype": "int64", "_type": "Value"}, ` +
	`"label": {"names": ["setosa", "versicolor", "virginica"], "_type": "ClassLabel"}, ` +
	`"prediction": {"names": ["setosa", "versicolor", "virginica"], "_type": "ClassLabel"}, ` +
	`"probs": {"feature": {"dtype": "float64", "_type": "Value"}, "_type": "List"}}}}`

type answer struct {
	Text     []string  `parquet:"text,list" json:"text"`
	LogProbs []float64 `parquet:"logprobs,list" json:"logprobs"`
	Argmax   []bool    `parquet:"argmax_logits_eq_gold,list" json:"argmax_logits_eq_gold"`
}

type doc[Gold any] struct {
	ID      string   `parquet:"id,optional" json:"id"`
	Query   string   `parquet:"query,optional" json:"query"`
	Choices []string `parquet:"choices,list" json:"choices"`
	Gold    Gold     `parquet:"gold_index,list" json:"gold_index"`
	Task    string   `parquet:"task_name,optional" json:"task_name"`
}

type details[Doc any] struct {
	Doc    *Doc `parquet:"doc" json:"doc"`
	Metric struct {
		Acc float64 `parquet:"acc,optional" json:"acc"`
	} `parquet:"metric,optional" json:"metric"`
	Answer *answer `parquet:"model_response" json:"model_response"`
}

type docOfOne struct {
	ID      string   `parquet:"id,optional" json:"id"`
	Choices []string `parquet:"choices,list" json:"choices"`
	Gold    *int64   `parquet:"gold_index,optional" json:"gold_index"`
}

type perplexity struct {
	Doc    *docOfOne `parquet:"__doc__" json:"__doc__"`
	Answer *answer   `parquet:"__model_response__" json:"__model_response__"`
}

func main() {
	write("bigquery.parquet", read[flowers]("bigquery.jsonl"))

	var integers []buys
	for _, r := range read[struct {
		Predicted int64 `json:"predicted_buys,string"`
		Probs     []struct {
			Label int64   `json:"label,string"`
			Prob  float64 `json:"prob"`
		} `json:"predicted_buys_probs"`
		Buys int64 `json:"buys,string"`
	}]("bigquery_integers.jsonl") {
		b := buys{Predicted: r.Predicted, Buys: r.Buys}
		for _, p := range r.Probs {
			b.Probs = append(b.Probs, struct {
				Label int64   `parquet:"label"`
				Prob  float64 `parquet:"prob"`
			}(p))
		}
		integers = append(integers, b)
	}
	write("bigquery_integers.parquet", integers)

	plain := read[plain]("plain.jsonl")
	write("plain.parquet", plain)
	arrowPlain("plain.arrow", plain)

	all := read[flower]("hf_dataset.jsonl")
	write("hf_dataset.parquet", all, pq.KeyValueMetadata("huggingface", huggingFace))
	arrow("hf_dataset.arrow", all)

	write("lighteval.parquet", read[details[docOfOne]]("lighteval.jsonl"))
	write("lighteval_lists.parquet", read[details[doc[[]int64]]]("lighteval_lists.jsonl"))
	write("lighteval_perplexity.parquet", read[perplexity]("lighteval_perplexity.jsonl"))
}

// arrow writes a stream, as datasets keeps its files.
func arrow(name string, rows []flower) {
	meta := aa.NewMetadata([]string{"huggingface"}, []string{huggingFace})
	schema := aa.NewSchema([]aa.Field{
		{Name: "id", Type: aa.PrimitiveTypes.Int64, Nullable: true}, {Name: "label", Type: aa.PrimitiveTypes.Int64, Nullable: true},
		{Name: "prediction", Type: aa.PrimitiveTypes.Int64, Nullable: true}, {Name: "probs", Type: aa.ListOf(aa.PrimitiveTypes.Float64), Nullable: true},
	}, &meta)
	f, err := os.Create(filepath.Join("systems", name))
	check(err)
	w := ipc.NewWriter(f, ipc.WithSchema(schema))
	for len(rows) > 0 {
		n := min(7, len(rows))
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		for _, r := range rows[:n] {
			b.Field(0).(*array.Int64Builder).Append(r.ID)
			b.Field(1).(*array.Int64Builder).Append(r.Label)
			b.Field(2).(*array.Int64Builder).Append(r.Prediction)
			l := b.Field(3).(*array.ListBuilder)
			l.Append(true)
			l.ValueBuilder().(*array.Float64Builder).AppendValues(r.Probs, nil)
		}
		batch := b.NewRecordBatch()
		check(w.Write(batch))
		batch.Release()
		rows = rows[n:]
	}
	check(w.Close())
	check(f.Close())
}

// arrowPlain writes a file, as Feather is one.
func arrowPlain(name string, rows []plain) {
	schema := aa.NewSchema([]aa.Field{{Name: "label", Type: aa.BinaryTypes.String}, {Name: "p_setosa", Type: aa.PrimitiveTypes.Float64},
		{Name: "p_versicolor", Type: aa.PrimitiveTypes.Float64}, {Name: "p_virginica", Type: aa.PrimitiveTypes.Float64}}, nil)
	f, err := os.Create(filepath.Join("systems", name))
	check(err)
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(schema))
	check(err)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for _, r := range rows {
		b.Field(0).(*array.StringBuilder).Append(r.Label)
		for i, x := range []float64{r.Setosa, r.Versicolor, r.Virginica} {
			b.Field(1 + i).(*array.Float64Builder).Append(x)
		}
	}
	check(w.Write(b.NewRecordBatch()))
	check(w.Close())
	check(f.Close())
}
