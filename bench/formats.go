package main

import (
	"context"
	"fmt"
	"math"
)

// formatRace is a file in one format, and what it is raced against.
type formatRace struct {
	what string
	file func() (string, error)
	// duck is how DuckDB reads it, "" if it cannot.
	duck string
	// json has encoding/json read it as well.
	json bool
	// Bars at any number of threads; 0 is no bar. duckTimes: at most so many times
	// DuckDB's time; readTimes: at most so many times the time just to read it;
	// jsonTimes: at least so many times as fast as encoding/json.
	duckTimes, readTimes, jsonTimes float64
	// allowed is granted on top of 200 MB, per thread: a row group in memory.
	allowed int64
}

const encodingJSON = "encoding/json"

// benchFormats scores the same rows in every format, but for CSV and NPY, which
// have rows of their own.
func benchFormats(ctx context.Context, b *bench, races []formatRace) error {
	for _, r := range races {
		path, err := r.file()
		if err != nil {
			return err
		}
		for _, threads := range b.threads() {
			list := []candidate{b.read(threads, path), b.score(threads, path)}
			if r.duck != "" {
				list = append(list, candidate{name: duck, parse: parseResult,
					args: []string{b.self, "-worker", "duckdb", fmt.Sprint(threads), r.duck, path}})
			}
			if r.json {
				list = append(list, candidate{name: encodingJSON, parse: parseResult,
					args: []string{b.self, "-worker", "json", fmt.Sprint(threads), path}})
			}
			all, err := b.race(ctx, threads, list)
			if err != nil {
				return err
			}
			t, ours, read := compare(fmt.Sprintf("score of %s, %s, %s", r.what, size(path), count(threads, "thread")), all)
			if r.duckTimes > 0 {
				t.bars = append(t.bars, atMost(fmt.Sprintf("≤ %g DuckDB SQL", r.duckTimes), 1/ratio(all, ours, duck), r.duckTimes))
			}
			if r.jsonTimes > 0 {
				t.bars = append(t.bars, atLeast(fmt.Sprintf("%g× %s", r.jsonTimes, encodingJSON), ratio(all, ours, encodingJSON), r.jsonTimes))
			}
			if r.readTimes > 0 {
				t.bars = append(t.bars, atMost(fmt.Sprintf("≤ %g read", r.readTimes), ours.seconds()/read, r.readTimes))
			}
			t.bars = append(t.bars, memoryBar(ours))
			b.tables = append(b.tables, t)
		}
	}
	return nil
}

// wideRows are the rows of the files of 10 classes.
func (b *bench) wideRows() int {
	if b.quick {
		return 100_000
	}
	return 2_000_000
}

func benchParquet(ctx context.Context, b *bench) error {
	n := b.wideRows()
	race := func(what, codec string, list bool) formatRace {
		how := "parquet"
		if list {
			how = "parquet-list"
		}
		r := formatRace{what: fmt.Sprintf("a Parquet file (%s): %d rows × 10 classes", what, n), duck: how,
			file: func() (string, error) { return b.parquetFile(n, codec, list) }}
		if codec == "zstd" {
			r.duckTimes = 1.5
		}
		return r
	}
	return benchFormats(ctx, b, []formatRace{
		race("zstd", "zstd", false), race("snappy", "snappy", false),
		race("zstd, LIST column", "zstd", true), race("snappy, LIST column", "snappy", true),
	})
}

func benchArrow(ctx context.Context, b *bench) error {
	n := b.wideRows()
	race := func(what, name, codec string, list bool, bar float64) formatRace {
		return formatRace{what: fmt.Sprintf("%s: %d rows × 10 classes", what, n), readTimes: bar,
			file: func() (string, error) { return b.arrowFile(n, name, codec, list) }}
	}
	return benchFormats(ctx, b, []formatRace{
		race("an Arrow IPC file", "arrow", "", false, 1.5),
		race("an Arrow IPC file, list column", "arrow", "", true, 1.5),
		race("a Feather file (lz4)", "feather", "lz4", false, 0),
		race("an Arrow IPC file (zstd)", "arrow", "zstd", false, 0),
	})
}

func benchJSONL(ctx context.Context, b *bench) error {
	lines, lists := 1_000_000, b.wideRows()
	if b.quick {
		lines = 50_000
	}
	return benchFormats(ctx, b, []formatRace{
		{what: fmt.Sprintf("JSON lines of log-probabilities: %d lines", lines), duck: "json-lines", json: true, duckTimes: 1,
			file: func() (string, error) { return b.jsonLines(lines) }},
		{what: fmt.Sprintf("JSON lines with lists: %d lines × 10 classes", lists), duck: "json-lists", json: true, duckTimes: 1.3, jsonTimes: 5,
			file: func() (string, error) { return b.jsonLists(lists) }},
	})
}

func benchPacked(ctx context.Context, b *bench) error {
	n := b.wideRows()
	race := func(ext string, bar float64) formatRace {
		return formatRace{what: fmt.Sprintf("a CSV in %s: %d rows × 10 classes, 9 digits", ext, n), duck: "csv", duckTimes: bar,
			file: func() (string, error) { return b.packedFile(n, ext) }}
	}
	return benchFormats(ctx, b, []formatRace{race("zst", math.Round(1000/1.8)/1000), race("gz", 0)})
}

func benchTensors(ctx context.Context, b *bench) error {
	n := 200_000
	if b.quick {
		n = 10_000
	}
	return benchFormats(ctx, b, []formatRace{{
		what: fmt.Sprintf("a safetensors file: %d rows × 1000 classes, float32", n), readTimes: 3,
		file: func() (string, error) { return b.tensorsFile(n, 1000) },
	}})
}
