package predict

// Request is what the user said about the columns of the input. The zero
// Request says nothing: everything is then found from names and values. A
// column is given by its name, or by its number from 1 where columns have no
// names; a list of columns is comma-separated and takes globs (p_*) and, where
// columns have no names, ranges (2-11). The field comments name the flag.
type Request struct {
	Label    string // --label: the column that says what happened; "none" for no label
	Prob     string // --prob: probability of the positive class; of what happened if there is no label
	Probs    string // --probs: a probability per class
	Logits   string // --logits: a logit per class, or one log-odds of the positive class
	LogProb  string // --logprob: log-probability of what happened
	LogProbs string // --logprobs: a log-probability per class
	NLL      string // --nll: surprisal of what happened
	OneHot   string // --onehot: label columns, one per class, in the order of the classes; 0/1 or shares
	Positive string // --positive: the label of the positive class
	Classes  string // --classes: the classes' names, in the order of the value columns
	LogBase  string // --log-base: e, 2 or 10

	// Unlabelled says that rows of a value per class have a use without labels too.
	Unlabelled bool

	Weight  string // --weight: sampling weight
	Freq    string // --freq: how many times the row is repeated
	Cluster string // --cluster: rows with the same key are not independent; "none" takes all as independent
	By      string // --by: columns that make the slices
	ID      string // --id: names a row in the list of worst rows
	Tokens  string // --tokens: how many tokens the row stands for
	Words   string // --words
	Bytes   string // --bytes
}

// Layout says what the columns of a data set mean. [Resolve] makes it from the
// first file; [Layout.Bind] finds the same columns in every other file.
type Layout struct {
	Form    Form
	LogBase float64 // of Logarithmic forms: math.E, 2 or 10
	Guessed bool    // the form was found from names and values, not said

	// Classes are the names of the classes, in the order of Values. For a Binary
	// form they are {negative, positive}; the negative name is "" when it is not
	// yet known, and every label that is not the positive one is then the
	// negative. Nil for a form OfWhatHappened.
	Classes []string
	// Aliases maps further spellings of a label to its class: the column's full
	// name where Classes has it stripped of a prefix, true for 1, and so on.
	Aliases map[string]int
	// ByIndex says that labels are numbers of value columns, from 0.
	ByIndex bool

	Values []string // value columns, by name
	OneHot []string // soft-label columns, by name, in the order of Values; nil for hard labels
	// Single columns, by name; "" where there is none. Label is "" too when the
	// labels come from a second file or there are none.
	Label, Weight, Freq, Cluster, ID, Tokens, Words, Bytes string
	By                                                     []string
	LabelsApart                                            bool // labels come from a second file

	Row       string // what a row is: "token", "document"; "" for nothing in particular
	Documents bool   // rows with the same Cluster are a document

	Named   bool     // columns go by name; otherwise by position
	Ignored []string // columns with no part in this
	Notes   []string // how the file was read: parts of the "read as" line, in plain words

	width  int    // how many columns the first file has; 0 if that is not known
	prefix string // that the value columns were found by; "" if they were not

	idNameless bool // ID is the column without a name
	madeNames  bool // Classes are labels as R's make.names writes them
}

// Binding is a Layout applied to one source: where its columns are in a Batch.
// A field is an index into Batch.Numbers or Batch.Texts, -1 where there is none.
type Binding struct {
	Selection            Selection
	Label, Cluster, ID   int   // in Batch.Texts
	By                   []int // in Batch.Texts
	Weight, Freq         int   // in Batch.Numbers
	Tokens, Words, Bytes int   // in Batch.Numbers
	OneHot               int   // first of len(Classes) consecutive columns of Batch.Numbers

}
