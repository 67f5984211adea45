package score

import (
	"surprisal"
	"surprisal/predict"
)

// Scorecard is what scoring found. Everything that has a logarithm in it is in
// nats; printing converts.
type Scorecard struct {
	Inputs     []InputRead
	Layout     *predict.Layout
	Confidence float64
	Floor      float64 // 0 if no floor was asked for
	Normalize  Normalize

	// SelfScored says that the log-probabilities are those of text that the model
	// made itself: their mean estimates its own entropy, and is no loss on data.
	SelfScored bool
	// LowerBound says that some rows are censored: of their surprisal only a bound is
	// known, they are left out, and the total is a lower bound.
	LowerBound bool
	Notes      []string // what the files said of themselves

	N          int64   // rows scored, repeats counted; infinite rows included
	Weight     float64 // Σw of the rows scored; N where there are no weights
	Weighted   bool
	EffectiveN float64 // (Σw)²/Σw²; N without weights
	Clusters   int64   // number of clusters; 0 where rows stand for themselves

	CrossEntropy surprisal.Estimate // mean surprisal per row
	NLL          float64            // total (weighted) surprisal
	Finite       surprisal.Estimate // over the rows with a finite surprisal
	Per          []PerCount         // per token, per word, per byte, where counts are given

	Documents *DocumentScore // where rows are parts of documents, or documents

	HasLabels       bool               // labels (or soft labels) are known: the next block is meaningful
	BaseRateEntropy float64            // what knowing only the class shares costs
	Skill           surprisal.Estimate // 1 − CE/base rate; NaN and Why where undefined
	Accuracy        surprisal.Estimate // NaN where the form does not allow it
	Brier           surprisal.Estimate
	BrierKind       string // "mean (p−y)²" or "sum over classes (p−y)², 0 to 2"
	Classes         []ClassScore

	Soft *SoftScore // soft labels only

	Rows       RowCounts
	Join       *JoinTally   // where labels were found by a key
	FloorCurve []FloorPoint // where rows are infinite, or a floor was asked for
	Slices     []Slice
	SliceBy    []string
	Worst      []WorstRow
	SumDefect  *SumDefect // per-class probabilities only: how far rows are from 1

	Warnings []Warning
}

// Warning is a sentence about the result and what helps.
type Warning struct{ Text, Hint string }

// InputRead is one file of the data set.
type InputRead struct {
	Path, Format string
	Rows         int64
}

// PerCount is the score per token, word or byte: Σ surprisal / Σ count.
type PerCount struct {
	Of    string // "token", "word", "byte"
	Total float64
	Mean  surprisal.Estimate
}

// ClassScore is the share of one class.
type ClassScore struct {
	Class  string
	N      int64
	Weight float64
	Mean   surprisal.Estimate
	Share  float64 // of the total surprisal; NaN if that is infinite or 0
}

// SoftScore is what soft labels add: CrossEntropy = LabelEntropy + KL.
type SoftScore struct {
	LabelEntropy surprisal.Estimate
	KL           surprisal.Estimate
	// Explained is (H_base − CE)/(H_base − H_label): the part of what the labels
	// leave to explain that the model explained.
	Explained float64
}

// RowCounts says what became of every row read. Scored counts repeats (freq);
// Invalid and ZeroWeight count rows of the file.
type RowCounts struct {
	Read, Scored, Infinite, ZeroWeight, Floored int64
	Invalid                                     []InvalidRows // by reason
	FirstInfinite                               []RowRef
}

// InvalidRows is the rows that could not be scored for one reason.
type InvalidRows struct {
	Reason string
	Count  int64
	First  []RowRef
}

// RowRef names one row. Input indexes Scorecard.Inputs; Row counts from 1 within it.
type RowRef struct {
	Input int
	Row   int64
}

// FloorPoint is the cross entropy had every probability of what happened been at
// least Floor.
type FloorPoint struct{ Floor, CrossEntropy float64 }

// Slice is the score of the rows that share the values of the slicing columns.
type Slice struct {
	Key   []string // as written; "(missing)" where empty
	N     int64
	Mean  surprisal.Estimate
	Share float64 // of the total surprisal
}

// WorstRow is one of the rows that cost most.
type WorstRow struct {
	RowRef
	ID, Label   string
	Probability float64
	Nats        float64
}

// SumDefect is how far the rows' probabilities are from summing to 1.
type SumDefect struct {
	Largest   float64 // |Σp − 1|
	At        RowRef
	Tolerance float64
	Decimals  int // the file's largest number of decimals; -1 for binary values
}

// Normalize says what to do with rows that do not sum to 1.
type Normalize uint8

const (
	Refuse  Normalize = iota // beyond the tolerance is an error
	Rescale                  // divide each row by its sum
	AsIs                     // score as stored, whatever the sum
)

// String is the flag's word.
func (n Normalize) String() string { return [...]string{"refuse", "rescale", "asis"}[n] }
