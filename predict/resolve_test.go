package predict

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// table is a Source in memory, for tests of what needs only names and a sample.
type table struct {
	name string
	cols []Column
	rows [][]string
}

// newTable reads CSV; the first line is the header unless bare is set.
func newTable(text string, bare bool) *table {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		panic(err)
	}
	t := &table{name: "t.csv", rows: rows}
	if !bare {
		t.rows = rows[1:]
	}
	for i, name := range rows[0] {
		c := Column{Name: name, Named: true}
		if bare {
			c = Column{Name: strconv.Itoa(i + 1)}
		}
		t.cols = append(t.cols, c)
	}
	return t
}

func (t *table) Name() string      { return t.name }
func (t *table) Format() string    { return "csv" }
func (t *table) Columns() []Column { return t.cols }
func (t *table) Sample() Sample    { return t }
func (t *table) Close() error      { return nil }

func (t *table) Rows() int                { return len(t.rows) }
func (t *table) Text(row, col int) string { return t.rows[row][col] }
func (t *table) Number(row, col int) (float64, bool) {
	s := strings.TrimSpace(t.rows[row][col])
	if isNoLabel([]byte(s)) {
		return math.NaN(), true
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil
}

// Read delivers the texts alone, three rows a batch.
func (t *table) Read(_ context.Context, sel Selection, _ int, fold Fold) (int64, error) {
	for first := 0; first < len(t.rows); first += 3 {
		b := &Batch{First: int64(first + 1), Rows: min(3, len(t.rows)-first), Texts: make([]Strings, len(sel.Texts))}
		for _, row := range t.rows[first : first+b.Rows] {
			for j, c := range sel.Texts {
				b.Texts[j].Append([]byte(row[c]))
			}
		}
		if err := fold(0, b); err != nil {
			return int64(first), err
		}
	}
	return int64(len(t.rows)), nil
}

// resolved is what a case expects of a Layout; fields at their zero are not checked.
type resolved struct {
	form    Form
	classes string // joined with ,
	values  string
	label   string
	byIndex bool
	base    float64
	more    func(l *Layout) bool
}

func TestResolve(t *testing.T) {
	e := math.E
	lg := func(base float64, ps ...float64) string {
		var s []string
		for _, p := range ps {
			s = append(s, fmt.Sprint(math.Log(p)/math.Log(base)))
		}
		return strings.Join(s, ",")
	}
	for _, c := range []struct {
		name  string
		csv   string
		bare  bool
		req   Request
		apart []string
		want  resolved
	}{
		{name: "prefix and label by name", csv: "id,label,fold,p_0,p_1,p_2\n0,1,3,.1,.8,.1\n1,2,1,.2,.2,.6\n",
			want: resolved{Probabilities, "0,1,2", "p_0,p_1,p_2", "label", false, 0, func(l *Layout) bool {
				return l.ID == "id" && slices.Equal(l.Ignored, []string{"fold"}) && l.Guessed && l.Named && l.Aliases["p_1"] == 1
			}}},
		{name: "classes are the columns, label by its values", csv: "id,species,setosa,versicolor,virginica\n0,setosa,1.0,0.0,0.0\n1,virginica,0,0.5,0.5\n2,setosa,0.9,.1,0\n",
			want: resolved{Probabilities, "setosa,versicolor,virginica", "setosa,versicolor,virginica", "species", false, 0, nil}},
		{name: "only one class in the sample", csv: "species,setosa,versicolor,virginica\nsetosa,.8,.1,.1\nsetosa,.7,.2,.1\n",
			want: resolved{Probabilities, "setosa,versicolor,virginica", "", "species", false, 0, nil}},
		{name: "binary named by its column", csv: "id,diagnosis,p_malignant\n0,malignant,0.92\n1,benign,.2\n",
			want: resolved{Positive, "benign,malignant", "p_malignant", "diagnosis", false, 0, nil}},
		{name: "binary named by its column, other class unseen", csv: "id,diagnosis,p_malignant\n0,malignant,0.92\n1,malignant,.2\n",
			want: resolved{Positive, ",malignant", "p_malignant", "diagnosis", false, 0, nil}},
		{name: "names with an end in common", csv: "y,cat_prob,dog_prob\ncat,.5,.5\ndog,.25,.75\n",
			want: resolved{Probabilities, "cat,dog", "cat_prob,dog_prob", "y", false, 0, nil}},
		{name: "names between brackets", csv: "y,P(cat),P(dog)\ncat,.5,.5\ndog,.25,.75\n",
			want: resolved{Probabilities, "cat,dog", "P(cat),P(dog)", "y", false, 0, nil}},
		{name: "names between quotes", csv: "kind,\"Scored Probabilities for Class \"\"cat\"\"\",\"Scored Probabilities for Class \"\"dog\"\"\",Scored Labels\ncat,.5,.5,dog\ndog,.25,.75,dog\n",
			want: resolved{Probabilities, "cat,dog", "", "kind", false, 0, nil}},
		{name: "an end that is part of the classes", csv: "y,p_low_risk,p_high_risk\nlow_risk,.5,.5\nhigh_risk,.25,.75\n",
			want: resolved{Probabilities, "low_risk,high_risk", "", "y", false, 0, nil}},
		{name: "labels beside names that R made", csv: "obs,X..50K,X.50K\n<=50K,.5,.5\n>50K,.25,.75\n",
			want: resolved{Probabilities, "X..50K,X.50K", "X..50K,X.50K", "obs", false, 0,
				func(l *Layout) bool {
					m := l.Matcher()
					return m.Class([]byte(">50K")) == 1 && m.Class([]byte("50K")) == Unknown
				}}},
		{name: "names that R made, behind a prefix, label by its values", csv: "kind,.pred_Iris.setosa,.pred_Iris.virginica\nIris setosa,.5,.5\nIris virginica,.25,.75\n",
			want: resolved{Probabilities, "Iris.setosa,Iris.virginica", "", "kind", false, 0, nil}},
		{name: "a label per class", csv: "y_test.0,y_test.1,y_pred.0,y_pred.1\n0,1,.5,.5\n1,0,.25,.75\n",
			want: resolved{Probabilities, "0,1", "y_pred.0,y_pred.1", "", false, 0, func(l *Layout) bool { return slices.Equal(l.OneHot, []string{"y_test.0", "y_test.1"}) }}},
		{name: "prediction of fractions", csv: "target,prediction\n0,0.25\n1,1.0\n", want: resolved{Positive, "0,1", "prediction", "target", false, 0, nil}},
		{name: "Azure", csv: "label,Scored Labels,Scored Probabilities\nno,yes,0.75\nyes,no,.25\n", want: resolved{Positive, "no,yes", "Scored Probabilities", "label", false, 0, nil}},
		{name: "a forecast", csv: "question,forecast,resolution\nq,.25,no\nr,.5,yes\n", want: resolved{Positive, "no,yes", "forecast", "resolution", false, 0, nil}},
		{name: "R's fitted values", csv: ",y,fitted\n1,TRUE,.25\n2,FALSE,.5\n", want: resolved{Positive, "FALSE,TRUE", "fitted", "y", false, 0, nil}},
		{name: "two labels that agree", csv: "target,label,prob\n0.0,0,.75\n1.0,1,.5\n", want: resolved{Positive, "0,1", "prob", "label", false, 0, nil}},
		{name: "label and codes", csv: "class,label,a,b\n0,a,.75,.25\n1,b,.5,.5\n", want: resolved{Probabilities, "a,b", "a,b", "label", false, 0, nil}},
		{name: "the column of class 0", csv: "y,0,1\n0,.75,.25\n1,.5,.5\n", req: Request{Prob: "0"}, want: resolved{Positive, "1,0", "0", "y", false, 0, nil}},
		{name: "the column of class 1", csv: "y,0,1\n0.0,.75,.25\n1.0,.5,.5\n", req: Request{Prob: "1"}, want: resolved{Positive, "0,1", "1", "y", false, 0, nil}},
		{name: "the column of no", csv: "y,no_prob\nyes,.75\nno,.5\n", want: resolved{Positive, "yes,no", "no_prob", "y", false, 0, nil}},
		{name: "the column of no, unseen", csv: "y,no\nyes,.75\nyes,.5\n", req: Request{Prob: "no"}, want: resolved{Positive, "yes,no", "no", "y", false, 0, nil}},
		{name: "the column of 0 before an end", csv: "y,0_prob\n1,.75\n0,.5\n", want: resolved{Positive, "1,0", "0_prob", "y", false, 0, nil}},
		{name: "one column called as a label", csv: "y,spam\nham,.25\nspam,.5\n", want: resolved{Positive, "ham,spam", "spam", "y", false, 0, nil}},
		{name: "one column called as a label, and more", csv: "y,spam_prob,age\nham,.25,7.5\nspam,.5,3.25\n", want: resolved{Positive, "ham,spam", "spam_prob", "y", false, 0, nil}},
		{name: "binary 0 1", csv: "y,prob\n0,0.92\n1,.2\n", want: resolved{Positive, "0,1", "prob", "y", false, 0, nil}},
		{name: "binary 0.0 1.0", csv: "y,prob\n0.0,0.92\n1.0,.2\n", want: resolved{Positive, "0,1", "prob", "y", false, 0, nil}},
		{name: "binary, only zeros seen", csv: "y,prob\n0,0.92\n0,.2\n", want: resolved{Positive, "0,1", "prob", "y", false, 0, nil}},
		{name: "binary -1 1", csv: "y,prob\n-1,0.92\n1,.2\n", want: resolved{Positive, "-1,1", "prob", "y", false, 0, nil}},
		{name: "binary True False", csv: "y,prob\nTrue,0.92\nFalse,.2\n", want: resolved{Positive, "False,True", "prob", "y", false, 0,
			func(l *Layout) bool { return l.Aliases["1"] == 1 && l.Aliases["FALSE"] == 0 }}},
		{name: "binary YES alone", csv: "y,prob\nYES,0.92\n", want: resolved{Positive, "NO,YES", "prob", "y", false, 0, nil}},
		{name: "probability of class 0", csv: "y,p_0\n0,0.92\n1,.2\n", want: resolved{Positive, "1,0", "p_0", "y", false, 0, nil}},
		{name: "probability of class 0, ones alone", csv: "y,p_0\n1,0.92\n1,.2\n", want: resolved{Positive, "1,0", "p_0", "y", false, 0, nil}},
		{name: "probability of no", csv: "y,prob_no\nyes,0.92\nno,.2\n", want: resolved{Positive, "yes,no", "prob_no", "y", false, 0, nil}},
		{name: "positive said", csv: "y,prob\nM,0.92\nB,.2\n", req: Request{Positive: "M"}, want: resolved{Positive, "B,M", "prob", "y", false, 0, nil}},
		{name: "positive said and unseen", csv: "y,prob\nB,0.92\nB,.2\n", req: Request{Positive: "M"}, want: resolved{Positive, "B,M", "prob", "y", false, 0, nil}},
		{name: "probability beside prediction", csv: "y,y_pred,y_prob\n0,1,0.92\n1,0,.2\n", want: resolved{Positive, "0,1", "y_prob", "y", false, 0, nil}},
		{name: "arrays in names", csv: "labels.0,output.Logits.0,output.Logits.1\n0,-3,2\n1,2.5,4\n",
			want: resolved{Logits, "0,1", "output.Logits.0,output.Logits.1", "labels.0", false, 0, nil}},
		{name: "a class with dots", csv: "truth,probs.v1.2,probs.v1.3\nv1.2,.5,.5\nv1.3,.25,.75\n",
			want: resolved{Probabilities, "v1.2,v1.3", "", "truth", false, 0, nil}},
		{name: "BigQuery's label, beside a column called label", csv: "label,predicted_y_probs.a,predicted_y_probs.b,y\n7,.5,.5,a\n8,.25,.75,b\n",
			want: resolved{Probabilities, "a,b", "", "y", false, 0, func(l *Layout) bool { return l.Notes[0] == "BigQuery ML" }}},
		{name: "the prediction is not the label", csv: "guess_pred,truth_of,a,b\na,b,.5,.5\nb,a,.25,.75\n",
			want: resolved{Probabilities, "a,b", "a,b", "truth_of", false, 0, nil}},
		{name: "a few rows that are all right", csv: "kind,a,b\na,.75,.25\nb,.25,.75\n",
			want: resolved{Probabilities, "a,b", "a,b", "kind", false, 0, nil}},
		{name: "many rows that are all right, and a label", csv: "class,a,b\n" + strings.Repeat("a,.75,.25\nb,.25,.75\n", 20),
			want: resolved{Probabilities, "a,b", "a,b", "class", false, 0, nil}},
		{name: "many rows that are almost all right", csv: "kind,a,b\n" + strings.Repeat("a,.75,.25\nb,.25,.75\n", 20) + "a,.25,.75\n",
			want: resolved{Probabilities, "a,b", "a,b", "kind", false, 0, nil}},
		{name: "log-odds", csv: "y,logit\n0,-2.5\n1,3\n", want: resolved{PositiveLogit, "0,1", "logit", "y", false, 0, nil}},
		{name: "tidymodels", csv: "truth,.pred_class,.pred_a,.pred_b\na,a,.6,.4\nb,b,.3,.7\n",
			want: resolved{Probabilities, "a,b", ".pred_a,.pred_b", "truth", false, 0, func(l *Layout) bool { return slices.Equal(l.Ignored, []string{".pred_class"}) }}},
		{name: "h2o", csv: "y,predict,p0,p1\n0,0,.6,.4\n1,1,.3,.7\n", want: resolved{Probabilities, "0,1", "p0,p1", "y", false, 0, nil}},
		{name: "columns 0 to 2 out of order", csv: "2,y,0,1\n.1,0,.6,.3\n.2,1,.1,.7\n", want: resolved{Probabilities, "2,0,1", "", "y", false, 0, nil}},
		{name: "labels true false for two classes", csv: "y,p_0,p_1\nTrue,.6,.4\nFalse,.3,.7\n", want: resolved{Probabilities, "0,1", "p_0,p_1", "y", false, 0,
			func(l *Layout) bool { return l.Matcher().Class([]byte("TRUE")) == 1 }}},
		{name: "labels 1.0", csv: "y,p_0,p_1,p_2\n1.0,.6,.4,0\n,.3,.7,0\n", want: resolved{Probabilities, "0,1,2", "", "y", false, 0,
			func(l *Layout) bool { return l.Matcher().Class([]byte("2.0")) == 2 }}},
		{name: "index", csv: "y,p_cat,p_dog,p_emu\n0,.6,.4,0\n2,.3,.7,0\n", want: resolved{Probabilities, "cat,dog,emu", "", "y", true, 0,
			func(l *Layout) bool {
				return l.Matcher().Class([]byte("2")) == 2 && l.Matcher().Class([]byte("cat")) == Unknown
			}}},
		{name: "common beginning", csv: "y,model_a,model_b\na,.6,.4\nb,.3,.7\n", want: resolved{Probabilities, "a,b", "model_a,model_b", "y", false, 0, nil}},
		{name: "raw common beginning", csv: "y,Class1,Class2\n1,.6,.4\n2,.3,.7\n", want: resolved{Probabilities, "1,2", "", "y", false, 0, nil}},
		{name: "logits", csv: "y,logit_a,logit_b\na,3,-4\nb,-1.5,.7\n", want: resolved{Logits, "a,b", "", "y", false, 0, nil}},
		{name: "logits by value", csv: "y,a,b\na,3.5,-4\nb,-1.5,2.7\n", want: resolved{Logits, "a,b", "", "y", false, 0, nil}},
		{name: "logprobs", csv: "y,a,b\na," + lg(e, .3, .7) + "\nb," + lg(e, .1, .9) + "\n", want: resolved{LogProbabilities, "a,b", "", "y", false, e, nil}},
		{name: "logprobs base 2", csv: "y,a,b\na," + lg(2, .3, .7) + "\nb," + lg(2, .1, .9) + "\n", want: resolved{LogProbabilities, "a,b", "", "y", false, 2, nil}},
		{name: "logprobs base 10 and -Inf", csv: "y,logprob_a,logprob_b\na,-Inf,0\nb," + lg(10, .1, .9) + "\n", want: resolved{LogProbabilities, "a,b", "", "y", false, 10, nil}},
		{name: "tokens", csv: "doc,token,logprob,bytes\n1,Apache,-30.3,6\n1, License,-4.8,8\n", want: resolved{LogHappened, "", "logprob", "", false, e,
			func(l *Layout) bool { return l.Bytes == "bytes" && l.Tokens == "" }}},
		{name: "nll beside a label", csv: "label,nll\na,3\nb,0.2\n", want: resolved{Surprisals, "", "nll", "", false, e, nil}},
		{name: "classes before nll", csv: "label,nll,p_a,p_b\na,.3,.4,.6\nb,0.2,.5,.5\n", want: resolved{Probabilities, "a,b", "p_a,p_b", "label", false, 0, nil}},
		{name: "nll beside a predicted class", csv: "label,pred,nll\n3,2,.3\n2,2,0.2\n", want: resolved{Surprisals, "", "nll", "", false, 0, nil}},
		{name: "upper case", csv: "Y,P_a,P_b\na,.3,.7\nb,.2,.8\n", want: resolved{Probabilities, "a,b", "", "Y", false, 0, func(l *Layout) bool { return l.prefix == "P_" }}},
		{name: "nll in bits", csv: "loss\n3\n0.2\n", req: Request{LogBase: "2"}, want: resolved{Surprisals, "", "loss", "", false, 2, nil}},
		{name: "bits by name", csv: "doc,nll_bits\n1,3\n1,0.2\n", want: resolved{Surprisals, "", "nll_bits", "", false, 2, nil}},
		{name: "log10 by name, said", csv: "doc,log10.p\n1,-3\n1,-0.2\n", req: Request{LogProb: "log10.p"}, want: resolved{LogHappened, "", "log10.p", "", false, 10, nil}},
		{name: "bits by name, otherwise said", csv: "doc,nll_bits\n1,3\n1,0.2\n", req: Request{LogBase: "e"}, want: resolved{Surprisals, "", "nll_bits", "", false, e, nil}},
		{name: "several token log-probabilities", csv: "doc_ids,token_logprobs\n1,-3\n1,-0.2\n", want: resolved{LogHappened, "", "token_logprobs", "", false, e, func(l *Layout) bool { return l.Cluster == "doc_ids" }}},
		{name: "a loss of a training run, said", csv: "step,loss,lr\n1,3,.1\n2,0.2,.1\n", req: Request{NLL: "loss"}, want: resolved{Surprisals, "", "loss", "", false, e, nil}},
		{name: "masked labels", csv: "labels,logits.0,logits.1,logits.2\n-100,1,-2,3\n2,1,2,3.5\n0,-1,2,2\n", want: resolved{Logits, "0,1,2", "logits.0,logits.1,logits.2", "labels", false, 0,
			func(l *Layout) bool {
				return l.Matcher().Class([]byte("-100")) == NoLabel && l.Matcher().Class([]byte("-100.0")) == NoLabel && l.Matcher().Class([]byte("-1")) == Unknown
			}}},
		{name: "-100 beside names", csv: "y,p_a,p_b\na,.5,.5\n-100,.5,.5\n", want: resolved{Probabilities, "a,b", "", "y", false, 0,
			func(l *Layout) bool { return l.Matcher().Class([]byte("-100")) == Unknown }}},
		{name: "a class called -100", csv: "y,p_-100,p_7\n-100,.5,.5\n7,.5,.5\n", want: resolved{Probabilities, "-100,7", "", "y", false, 0,
			func(l *Layout) bool { return l.Matcher().Class([]byte("-100")) == 0 }}},
		{name: "one-hot", csv: "id,y_a,y_b,p_a,p_b\n0,1,0,.5,.5\n1,.5,.5,.3,.7\n", req: Request{OneHot: "y_*"}, want: resolved{Probabilities, "a,b", "p_a,p_b", "", false, 0,
			func(l *Layout) bool { return slices.Equal(l.OneHot, []string{"y_a", "y_b"}) }}},
		{name: "one-hot in another order", csv: "y_b,y_a,p_a,p_b\n1,0,.5,.5\n.5,.5,.3,.7\n", req: Request{OneHot: "y_*"}, want: resolved{Probabilities, "a,b", "p_a,p_b", "", false, 0,
			func(l *Layout) bool { return slices.Equal(l.OneHot, []string{"y_a", "y_b"}) }}},
		{name: "probability of what happened", csv: "prob\n.5\n.2\n", req: Request{Prob: "prob"}, want: resolved{Happened, "", "prob", "", false, 0, nil}},
		{name: "probability of what happened by --label none", csv: "y,prob\n0,.5\n1,.2\n", req: Request{Label: "none"}, want: resolved{Happened, "", "prob", "", false, 0, nil}},
		{name: "probs that do not sum, said", csv: "y,p_a,p_b\na,.9,.9\n", req: Request{Probs: "p_*"}, want: resolved{Probabilities, "a,b", "p_a,p_b", "y", false, 0, nil}},
		{name: "labels apart", csv: "p_a,p_b\n.1,.9\n", apart: []string{"b", "a"}, want: resolved{Probabilities, "a,b", "p_a,p_b", "", false, 0, func(l *Layout) bool { return l.LabelsApart }}},
		{name: "no header, ranges", csv: "1,.1,.9\n0,.2,.8\n", bare: true, req: Request{Label: "1", Probs: "2-3"}, want: resolved{Probabilities, "0,1", "2,3", "1", true, 0, nil}},
		{name: "no header, evident", csv: "1,.1,.9\n0,.2,.8\n", bare: true, want: resolved{Probabilities, "0,1", "2,3", "1", true, 0, nil}},
		{name: "no header, one probability", csv: "1,.1\n0,.2\n", bare: true, want: resolved{Positive, "0,1", "2", "1", false, 0, nil}},
		{name: "classes said", csv: "cat,.1,.9\ndog,.2,.8\n", bare: true, req: Request{Classes: "dog,cat"}, want: resolved{Probabilities, "dog,cat", "2,3", "1", false, 0, nil}},
		{name: "classes said, labels are numbers", csv: "1,.1,.9\n0,.2,.8\n", bare: true, req: Request{Classes: "dog,cat"}, want: resolved{Probabilities, "dog,cat", "2,3", "1", true, 0, nil}},
		{name: "class called NA", csv: "y,p_NA,p_EU\nNA,.1,.9\nEU,.2,.8\n", want: resolved{Probabilities, "NA,EU", "", "y", false, 0,
			func(l *Layout) bool { return l.Matcher().Class([]byte("NA")) == 0 }}},
		{name: "roles", csv: "y,p,w,n,g,s,k\n0,.1,1,2,a,b,c\n1,.5,1,2,a,b,c\n", req: Request{Weight: "w", Freq: "n", Cluster: "g", By: "s,g", ID: "k"}, want: resolved{Positive, "0,1", "p", "y", false, 0,
			func(l *Layout) bool {
				return l.Weight == "w" && l.Freq == "n" && l.Cluster == "g" && slices.Equal(l.By, []string{"s", "g"}) && l.ID == "k"
			}}},
		{name: "a weight is not taken unasked", csv: "y,weight,a,b\na,.5,.1,.9\nb,.6,.5,.5\n", want: resolved{Probabilities, "a,b", "a,b", "y", false, 0,
			func(l *Layout) bool { return l.Weight == "" }}},
		{name: "index column without a name", csv: ",y,p\n0,0,.1\n1,1,.5\n", want: resolved{Positive, "0,1", "p", "y", false, 0,
			func(l *Layout) bool {
				b, err := l.Bind(newTable(",y,p\n0,0,.1\n", false))
				return err == nil && b.ID >= 0
			}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := newTable(c.csv, c.bare)
			l, err := Resolve(c.req, src, c.apart)
			if err != nil {
				t.Fatalf("%v (hint: %s)", err, err.(*Error).Hint)
			}
			if l.Form != c.want.form {
				t.Errorf("form %v, want %v", l.Form, c.want.form)
			}
			if got := strings.Join(l.Classes, ","); got != c.want.classes {
				t.Errorf("classes %q, want %q", got, c.want.classes)
			}
			if got := strings.Join(l.Values, ","); c.want.values != "" && got != c.want.values {
				t.Errorf("values %q, want %q", got, c.want.values)
			}
			if l.Label != c.want.label {
				t.Errorf("label %q, want %q", l.Label, c.want.label)
			}
			if l.ByIndex != c.want.byIndex {
				t.Errorf("by index: %v", l.ByIndex)
			}
			if c.want.base != 0 && l.LogBase != c.want.base {
				t.Errorf("base %v, want %v", l.LogBase, c.want.base)
			}
			if c.want.more != nil && !c.want.more(l) {
				t.Errorf("layout %+v", l)
			}
			if _, err := l.Bind(src); err != nil {
				t.Errorf("does not bind to its own file: %v", err)
			}
			t.Log(strings.Join(l.Notes, "; "))
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		csv   string
		bare  bool
		req   Request
		apart []string
		want  []string // parts of the message or the hint
	}{
		{name: "no rows", csv: "y,p\n", want: []string{"no rows"}},
		{name: "misspelt", csv: "label,p_0,p_1\n0,.5,.5\n", req: Request{Label: "lable"}, want: []string{`no column "lable"`, "label, p_0, p_1", `did you mean "label"?`}},
		{name: "case", csv: "Target,p\n0,.5\n", req: Request{Label: "target"}, want: []string{`did you mean "Target"?`}},
		{name: "glob of nothing", csv: "y,p_0,p_1\n0,.5,.5\n", req: Request{Probs: "q_*"}, want: []string{`no column matches "q_*"`}},
		{name: "contradiction", csv: "y,p_0,p_1\n0,.5,.5\n", req: Request{Probs: "p_*", Logits: "p_*"}, want: []string{"--probs and --logits contradict"}},
		{name: "two parts", csv: "y,p_0,p_1\n0,.5,.5\n", req: Request{Label: "y", Weight: "y"}, want: []string{"--label and --weight both name column \"y\""}},
		{name: "value as slice", csv: "y,p_0,p_1\n0,.5,.5\n", req: Request{Probs: "p_*", By: "p_0"}, want: []string{"--probs and --by both name"}},
		{name: "one column for --probs", csv: "y,p\n0,.5\n", req: Request{Probs: "p"}, want: []string{"--prob p"}},
		{name: "several for --prob", csv: "y,p_0,p_1\n0,.5,.5\n", req: Request{Prob: "p_*"}, want: []string{"--probs 'p_*'"}},
		{name: "not summing", csv: "y,p_0,p_1\n0,.5,.7\n1,.3,.2\n", want: []string{"in [0, 1] but rows do not sum to 1 (first: row 1 sums to 1.2)", "--normalize rescale", "--probs 'p_*'", "--logits 'p_*'"}},
		{name: "mixed", csv: "y,a,b\na,.5,.5\nb,3.5,-7\na,.1,.9\n", want: []string{"cannot tell", "--probs a,b"}},
		{name: "logits that are probabilities", csv: "y,logit_0,logit_1\n0,.5,.5\n", want: []string{"called logits, but look like probabilities"}},
		{name: "logprobs that are probabilities", csv: "y,logprob_0,logprob_1\n0,.5,.5\n", want: []string{"look like probabilities"}},
		{name: "probabilities that are logits", csv: "y,p_0,p_1\n0,-5,.5\n", want: []string{"outside [0, 1]", "--logits 'p_*'"}},
		{name: "percentages", csv: "y,p_0,p_1\n0,40,60\n1,20,80\n", want: []string{"percentages"}},
		{name: "binary outside", csv: "y,p\n0,-4\n1,3.5\n", want: []string{"--logits p"}},
		{name: "log-odds inside", csv: "y,logit\n0,.4\n1,.5\n", want: []string{"--prob logit"}},
		{name: "positive logprob", csv: "logprob\n4\n3.5\n", want: []string{"--nll logprob"}},
		{name: "negative nll", csv: "nll\n-4\n-3.5\n", want: []string{"--logprob nll"}},
		{name: "two sets", csv: "y,p_0,p_1,logit_0,logit_1\n0,.5,.5,1,1\n", want: []string{"--probs 'p_*' or --logits 'logit_*'"}},
		{name: "no label", csv: "id,p_0,p_1\n0,.5,.5\n", want: []string{"no label", "--label", "--labels FILE", "--onehot"}},
		{name: "soft labels unasked", csv: "id,y_a,y_b,p_a,p_b\n0,.2,.8,.5,.5\n", want: []string{"--onehot 'y_*'"}},
		{name: "the predicted class for a probability", csv: "label,prediction\n0,1\n1,1\n", want: []string{"whole numbers, which are the class that was predicted", "predict_proba", "--prob prediction"}},
		{name: "the predicted class written as 1.0", csv: "label,prediction\n0,1.0\n1,0.0\n", want: []string{"whole numbers, which are the class that was predicted"}},
		{name: "lists in cells", csv: "label,prediction,probability\n0,1,\"[0.25, 0.75]\"\n1,1,\"[0.5, 0.5]\"\n", want: []string{"lists within cells", "json.loads", "probability"}},
		{name: "arrays in cells", csv: "label,probs\n0,[0.25 0.75]\n1,[5.e-01 5.e-01]\n", want: []string{"as NumPy prints them", "add_prefix('prob_')"}},
		{name: "structures in cells", csv: "label,probs\n0,\"[{\"\"label\"\": 0}]\"\n", want: []string{"lists within cells", "JSON lines"}},
		{name: "percent signs", csv: "y,cat,dog\ncat,25%,75%\n", want: []string{"percent sign", "0.25 for 25%"}},
		{name: "blanks for commas", csv: "y p_0 p_1\n0 .5 .5\n", want: []string{"--delimiter ' '"}},
		{name: "one column may be it", csv: "y,risk\n0,.5\n1,.25\n", want: []string{"--prob risk"}},
		{name: "one column may be the label", csv: "predict,p0,p1,CAPSULE\n0,.5,.5,0\n1,.25,.75,1\n", want: []string{"is it CAPSULE?", "--label CAPSULE"}},
		{name: "a number of the first of two", csv: "prob1,prob2,result\n.5,.5,1.0\n.25,.75,0.0\n", want: []string{"labels 0 and 1 beside the classes prob1, prob2", "--prob prob1", "--classes 0,1"}},
		{name: "names that R made of two labels", csv: "obs,a.b,c\na b,.5,.5\na-b,.25,.75\n", want: []string{"none of the classes"}},
		{name: "two models beside each other", csv: "y,a,b\n0,.25,.5\n1,.5,.75\n", want: []string{"do not sum to 1", "--prob a", "--normalize rescale"}},
		{name: "called as both labels", csv: "y,low_risk\nlow,.25\nlow_risk,.5\n", want: []string{"--prob low_risk"}},
		{name: "two labels", csv: "target,label,prob\n0,1,.75\n1,1,.5\n0,0,.25\n", want: []string{`both "label" and "target" are called like the label, and differ`, "--label label or --label target"}},
		{name: "an array of one", csv: "y,probs.0\n0,.25\n1,.75\n", want: []string{`is "probs.0" the probability of the positive class, or of "0"?`, "--positive 1 or --positive 0"}},
		{name: "the score of what was predicted", csv: "label,score\n" + strings.Repeat("a,.75\nb,.5\n", 10), req: Request{}, want: []string{"less than 0.5", "--prob score"}},
		{name: "the score of what was predicted, unknown", csv: "target,prediction_label,prediction_score\n0,1,.75\n1,1,.5\n", want: []string{"of the class that was predicted"}},
		{name: "classes in another order than the columns", csv: "y,p_a,p_b\na,.5,.5\n", req: Request{Classes: "b,a"}, want: []string{"another order than the columns, which are called a, b"}},
		{name: "a slip in the classes", csv: "y,0,1\ncat,.5,.5\ndog,.25,.75\n", req: Request{Classes: "cat,dgo"}, want: []string{`label "dog"`, `did you mean "dgo"?`}},
		{name: "labels from 1 beside names", csv: "obs,cat,dog\n1,.25,.75\n2,.5,.5\n", want: []string{`label "1"`, "--classes $(seq -s, 2)"}},
		{name: "happened or not", csv: "diagnosis,prob\nM,.5\nB,.4\n", req: Request{Prob: "prob"}, want: []string{`is column "diagnosis" the label?`, "--label none"}},
		{name: "unmatched label", csv: "y,p_a,p_b\nc,.5,.5\n", want: []string{`label "c" in column "y" is none of the classes, which are a, b`}},
		{name: "off by one", csv: "y,p_1,p_2,p_3\n0,.5,.5,0\n", want: []string{`label "0"`}},
		{name: "labels from 1", csv: ".1,.2,.7\n.1,.1,.8\n", bare: true, apart: []string{"1", "3", "2"}, want: []string{`label "3" is none of the classes, which are 0, 1, 2`, "--classes $(seq -s, 3)"}},
		{name: "index out of range", csv: "y,p_cat,p_dog\n2,.5,.5\n", want: []string{`label "2"`}},
		{name: "three labels for one column", csv: "y,prob\na,.5\nb,.5\nc,.1\n", want: []string{"more than two labels: a, b, c", "--probs"}},
		{name: "which is positive", csv: "y,prob\nM,.5\nB,.5\n", want: []string{"which label", "M, B", "--positive"}},
		{name: "misspelt positive", csv: "y,prob\nmalign,.5\nbenign,.5\n", req: Request{Positive: "malgin"}, want: []string{`did you mean "malign"?`}},
		{name: "p_no beside 0 and 1", csv: "y,p_no\n0,.5\n1,.5\n", want: []string{"--positive"}},
		{name: "positive without a label", csv: "p\n.5\n", req: Request{Prob: "p", Positive: "1"}, want: []string{"--positive has no meaning"}},
		{name: "uneven one-hot", csv: "y_a,y_b,y_c,p_a,p_b\n1,0,0,.5,.5\n", req: Request{OneHot: "y_*"}, want: []string{"3 columns", "2 columns of values"}},
		{name: "too few classes", csv: "y,p_a,p_b\na,.5,.5\n", req: Request{Classes: "a"}, want: []string{"--classes names 1"}},
		{name: "nothing", csv: "a,b\nx,y\n", want: []string{"no columns of predictions", "--nll"}},
		{name: "-1 is not known to be none", csv: ".1,.9\n.1,.9\n", bare: true, apart: []string{"1", "-1"}, want: []string{`label "-1"`, "write -100"}},
		{name: "a training run", csv: "step,loss,learning_rate\n1,3,.1\n2,0.2,.1\n", want: []string{"log of a training run", "--nll loss"}},
		{name: "a mean loss", csv: "epoch,eval_loss,eval_accuracy\n1,3,.5\n2,0.2,.5\n", want: []string{`column 2 (eval_loss)`, "mean loss of a data set", "--nll eval_loss"}},
		{name: "a perplexity", csv: "doc,ppl\na,12.5\nb,3.5\n", want: []string{"column 2 (ppl)", "a perplexity, by its name", "--nll COLUMN --weight TOKENS"}},
		{name: "features are not logits", csv: "label,height,width\n0,1.5,2.5\n1,4.5,3.5\n", want: []string{"label \"0\""}},
		{name: "no header", csv: "1,2,.5\n2,3,.5\n", bare: true, want: []string{"columns have no names", "--label 1 --probs 2-3"}},
		{name: "number out of range", csv: "1,2,.5\n2,3,.5\n", bare: true, req: Request{Label: "4"}, want: []string{"no columns 4: there are 3"}},
		{name: "same name twice", csv: "y,p_a,p_a\na,.5,.5\n", req: Request{Probs: "p_a,y"}, want: []string{`several columns are called "p_a" (columns 2, 3)`}},
		{name: "weights that are text", csv: "y,p,w\n0,.5,heavy\n", req: Request{Weight: "w"}, want: []string{`found "heavy"`}},
		{name: "the prediction alone", csv: "predicted_class,a,b\na,.5,.5\nb,.25,.75\n", want: []string{"no label column found", "--labels FILE"}},
		{name: "the prediction of one class alone", csv: "y_pred,p_a\na,.5\nb,.25\n", want: []string{"no label column found"}},
		{name: "many rows that are all right", csv: "kind,a,b\n" + strings.Repeat("a,.75,.25\nb,.25,.75\n", 10), want: []string{`is "kind" the class that was predicted?`, "all of the first 20 rows", "--label kind if it is what happened"}},
		{name: "two columns that name the classes", csv: "one,other,a,b\na,a,.5,.5\nb,a,.25,.75\n", want: []string{"several columns name the classes: one, other", "--label one"}},
		{name: "logits and probabilities", csv: "y,logits.0,logits.1,probs.0,probs.1\n0,1,2,.5,.5\n", want: []string{"--logits 'logits.*' or --probs 'probs.*'"}},
		{name: "H2O, calibrated", csv: "predict,p0,p1,cal_p0,cal_p1,y\n0,.5,.5,.4,.6,1\n", want: []string{"the same calibrated", "--probs p0,p1 or --probs 'cal_p*'"}},
		{name: "labels apart and beside", csv: "y,p\n0,.5\n", req: Request{Label: "y"}, apart: []string{"1"}, want: []string{"--label and --labels contradict"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := Resolve(c.req, newTable(c.csv, c.bare), c.apart)
			if err == nil {
				t.Fatalf("no error: %+v", l)
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			t.Log(e, "| hint:", e.Hint)
			for _, w := range c.want {
				if !strings.Contains(e.Error()+"\n"+e.Hint, w) {
					t.Errorf("missing %q in: %v\nhint: %s", w, e, e.Hint)
				}
			}
			if e.Source != "t.csv" {
				t.Errorf("the error does not name the file: %+v", e)
			}
		})
	}
}

func TestBind(t *testing.T) {
	l, err := Resolve(Request{Weight: "w"}, newTable("label,p_a,p_b,w,note\na,.5,.5,1,x\nb,.1,.9,1,x\n", false), nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Bind(newTable("w,p_b,label,p_a\n1,.5,a,.5\n", false))
	if err != nil {
		t.Fatal(err)
	}
	want := Selection{Values: []int{3, 1}, Numbers: []int{0}, Texts: []int{2}}
	if !reflect.DeepEqual(b.Selection, want) || b.Label != 0 || b.Weight != 0 || b.Freq != -1 {
		t.Errorf("binding %+v", b)
	}
	for _, c := range []struct {
		csv  string
		bare bool
		want string
	}{
		{"w,p_b,lable,p_a\n1,.5,a,.5\n", false, `no column "label"; the columns are w, p_b, lable, p_a did you mean "lable"?`},
		{"w,p_b,label,p_a,p_c\n1,.5,a,.5,0\n", false, "one value column more"},
		{"w,p_b,label\n1,.5,a\n", false, "1 value column (p_b), and the first file has 2 score files with other classes apart"},
		{"w,p_b,label,p_a,p_a\n1,.5,a,.5,0\n", false, `several columns are called "p_a"`},
		{"1,.5,a,.5,0\n", true, "columns have no names"},
	} {
		_, err := l.Bind(newTable(c.csv, c.bare))
		if err == nil || !strings.Contains(err.Error()+" "+err.(*Error).Hint, c.want) {
			t.Errorf("%q: %v, want %s", c.csv, err, c.want)
		}
	}
	l, err = Resolve(Request{}, newTable("1,.5,.5\n0,.5,.5\n", true), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Bind(newTable("1,.5,.2,.3\n", true)); err == nil || !strings.Contains(err.Error(), "4 columns, but the first file has 3") {
		t.Error(err)
	}
}

func TestExpandColumns(t *testing.T) {
	named := newTable("id,p_0,p_1,a/b,\"x,y\",[z]\n", false).Columns()
	bare := make([]Column, 12)
	for i := range bare {
		bare[i].Name = strconv.Itoa(i + 1)
	}
	for _, c := range []struct {
		list string
		cols []Column
		want string
	}{
		{"p_*", named, "[1 2]"}, {"p_1,p_*", named, "[2 1]"}, {"x,y", named, "[4]"}, {"[z]", named, "[5]"},
		{"a*", named, "[3]"}, {"*", named, "[0 1 2 3 4 5]"}, {"id, p_0", named, "[0 1]"},
		{"2-11", bare, "[1 2 3 4 5 6 7 8 9 10]"}, {"12,1", bare, "[11 0]"}, {"1?", bare, "[9 10 11]"},
		{"p_0,p_0", named, "twice"}, {"p_[", named, "bad pattern"}, {"p_0,", named, "empty name"}, {"1", named, "no column"},
		{"0-3", bare, "no columns 0-3"}, {"3-2", bare, "no columns"}, {"x", bare, "by number"},
	} {
		got, err := ExpandColumns(c.list, c.cols)
		s := fmt.Sprint(got)
		if err != nil {
			s = err.Error() + err.(*Error).Hint
		}
		if !strings.Contains(s, c.want) {
			t.Errorf("%q: %s, want %s", c.list, s, c.want)
		}
	}
}

func TestMatcher(t *testing.T) {
	names := []string{"a", "ab", "abcd", "abcdefgh", "abcdefghi", "3", "0.5", "NA", " padded ", "12345678", "naïve", "-7"}
	for i := range 200 {
		names = append(names, fmt.Sprintf("class%d", i))
	}
	m := (&Layout{Form: Probabilities, Classes: names}).Matcher()
	for k, name := range names {
		if got := m.Class([]byte(name)); got != k {
			t.Errorf("%q: %d, want %d", name, got, k)
		}
		if got := m.Class([]byte("  " + name + " ")); got != k {
			t.Errorf("padded %q: %d, want %d", name, got, k)
		}
	}
	for label, want := range map[string]int{
		"3.0": 5, "3.000": 5, "03": Unknown, "03.0": Unknown, "3.1": Unknown, "3e0": Unknown, "+3": Unknown, "0.50": 6, ".5": Unknown, "-7.0": 11,
		"12345678.0": 9, "": NoLabel, "  ": NoLabel, "NaN": NoLabel, "null": NoLabel, "NA": 7, "padded": 8,
		"A": Unknown, "abcdefg": Unknown, "a\x00": Unknown, "\x00": Unknown, "abcdefghij": Unknown, "class200": Unknown,
	} {
		if got := m.Class([]byte(label)); got != want {
			t.Errorf("%q: %d, want %d", label, got, want)
		}
	}
	m = (&Layout{Form: Positive, Classes: []string{"", "yes"}}).Matcher()
	for label, want := range map[string]int{"yes": 1, "no": Other, "": NoLabel, "Yes": Other} {
		if got := m.Class([]byte(label)); got != want {
			t.Errorf("%q: %d, want %d", label, got, want)
		}
	}
	// 3 and 3.0 as two classes: each is itself, and 3.00 is neither.
	m = (&Layout{Form: Probabilities, Classes: []string{"3", "3.0"}}).Matcher()
	if a, b := m.Class([]byte("3")), m.Class([]byte("3.0")); a != 0 || b != 1 {
		t.Error(a, b)
	}
	if n := testing.AllocsPerRun(100, func() { m.Class([]byte("3.0")); m.Class([]byte("something longer")) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMatcher(b *testing.B) {
	var names []string
	for i := range 1000 {
		names = append(names, strconv.Itoa(i))
	}
	m := (&Layout{Form: Probabilities, Classes: names}).Matcher()
	r := rand.New(rand.NewPCG(1, 2))
	labels := make([][]byte, 4096)
	for i := range labels {
		labels[i] = []byte(strconv.Itoa(r.IntN(1000)))
	}
	for i := 0; b.Loop(); i++ {
		if m.Class(labels[i&4095]) < 0 {
			b.Fatal()
		}
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("id,label,p_0,p_1", "0,1,.5,.5\n1,0,.1,.9", uint8(0), "")
	f.Add("species,setosa,versicolor", "setosa,.8,.2", uint8(1), "p_*")
	f.Add(",,", "NA,1,-Inf", uint8(2), "1-2")
	f.Add("y,p_no", "0,.5", uint8(3), "y")
	f.Fuzz(func(t *testing.T, header, body string, kind uint8, list string) {
		if len(header)+len(body) > 4096 {
			return
		}
		src := &table{name: "f"}
		for i, name := range strings.Split(header, ",") {
			c := Column{Name: name, Named: true, Numeric: kind&64 != 0}
			if kind&128 != 0 {
				c = Column{Name: strconv.Itoa(i + 1), Numeric: kind&64 != 0}
			}
			src.cols = append(src.cols, c)
		}
		for line := range strings.SplitSeq(body, "\n") {
			cells := strings.Split(line, ",")
			for len(cells) < len(src.cols) {
				cells = append(cells, "")
			}
			src.rows = append(src.rows, cells[:len(src.cols)])
		}
		var req Request
		fields := reflect.ValueOf(&req).Elem()
		if field := fields.Field(int(kind&63) % fields.NumField()); field.Kind() == reflect.Bool {
			field.SetBool(true)
		} else {
			field.SetString(list)
		}
		var apart []string
		if kind%3 == 1 {
			apart = strings.Split(list, ",")
		}
		l, err := Resolve(req, src, apart)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%T", err)
			}
			return
		}
		b, err := l.Bind(src)
		if err == nil && len(b.Selection.Values) != len(l.Values) {
			t.Fatal("values lost")
		}
		if l.Form.PerClass() && len(l.Classes) != len(l.Values) || l.Form.Binary() && (len(l.Classes) != 2 || l.Classes[1] == "") {
			t.Fatalf("classes %q for %v of %q", l.Classes, l.Form, l.Values)
		}
		m := l.Matcher()
		for _, row := range src.rows {
			for _, cell := range row {
				if c := m.Class([]byte(cell)); c < Other || c >= len(l.Classes) && c >= 0 {
					t.Fatal(c)
				}
			}
		}
	})
}

// Rows of a value per class have a use without labels, if that is said.
func TestUnlabelled(t *testing.T) {
	for _, c := range []struct {
		text, flag string
		form       Form
		classes    string
		want       string // error
	}{
		{text: "id,p_a,p_b\n1,0.25,0.75\n2,0.5,0.5\n", form: Probabilities, classes: "a b"},
		{text: "id,label,p_a,p_b\n1,a,0.25,0.75\n2,b,0.5,0.5\n", form: Probabilities, classes: "a b"},
		{text: "logits.0,logits.1\n1.5,-2.5\n3,4.5\n", form: Logits, classes: "0 1"},
		{text: "x,y\n1.5,-2.5\n3,4.5\n", want: "cannot tell which columns"},
		{text: "x,y\n1.5,-2.5\n3,4.5\n", flag: "x,y", form: Logits, classes: "x y"},
		{text: "x.0,x.2\n1.5,-2.5\n3,4.5\n", want: "cannot tell which columns"},
		{text: "id,p_a,p_b\n1,0.25,0.5\n2,0.5,0.75\n", want: "rows do not sum to 1"},
	} {
		l, err := Resolve(Request{Unlabelled: true, Logits: c.flag}, newTable(c.text, false), nil)
		switch {
		case c.want != "":
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v, want %s", c.text, err, c.want)
			}
		case err != nil:
			t.Errorf("%q: %v", c.text, err)
		case l.Form != c.form || strings.Join(l.Classes, " ") != c.classes:
			t.Errorf("%q: %s of %q", c.text, l.Form, l.Classes)
		}
	}
	if _, err := Resolve(Request{}, newTable("id,p_a,p_b\n1,0.25,0.75\n", false), nil); err == nil {
		t.Error("no labels, and nothing said")
	}
}
