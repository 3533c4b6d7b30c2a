#!/usr/bin/env bash
# Compiles words.rs into words.wasm, which lies beside it. Needs rustc and its target wasm32-unknown-unknown; seen to work with 1.63.
set -euo pipefail
cd "$(dirname "$0")"
"${RUSTC:-rustc}" --edition 2021 --crate-type cdylib --target wasm32-unknown-unknown -C opt-level=3 -C panic=abort -C strip=symbols \
  -C link-arg=--import-memory -C link-arg=--export=__heap_base --remap-path-prefix "$HOME"=. words.rs -o words.wasm
