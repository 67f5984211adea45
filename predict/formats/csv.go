package formats

import "surprisal/predict"

var csv = Format{
	Name:        "csv",
	Description: "text with a header line, fields parted by commas, tabs, semicolons, bars or blanks",
	Extensions:  []string{"csv", "tsv", "tab", "psv", "txt"},
	Open: func(in Input, opt Options) (predict.Source, error) {
		return predict.OpenCSV(in.Name, predict.CSVInput{At: in.At, Size: in.Size, Stream: in.Stream},
			predict.CSVOptions{Delimiter: opt.Delimiter, NoHeader: opt.NoHeader, Bare: opt.Bare})
	},
}
