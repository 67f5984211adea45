#!/bin/sh
# Write all files here again: sh generate.sh, in a directory with the packages of
# README.md installed by npm beside the scripts.
set -eu
for writer in duckdb polars arrow hyparquet parquetjs; do node "gen_$writer.mjs" "${1:-.}"; done
