package score

// Options steer a scoring. The zero Options ask for the defaults.
type Options struct {
	Confidence float64   // of every interval; 0 means 0.95
	Floor      float64   // smallest probability of what happened; 0 means none
	Normalize  Normalize // what to do with rows that do not sum to 1
	Strict     bool      // the first invalid row is an error
	Worst      int       // how many of the worst rows to keep; 0 means 10, negative none
	MaxSlices  int       // 0 means 10,000
	// PerDocument asks for the mean of the documents' perplexities, beside the
	// perplexity of all of them.
	PerDocument bool
	Threads     int // 0 means one per core
}
