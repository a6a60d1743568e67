#!/bin/sh
# Makes the pictures in docs/screens anew, from the program as it is.
cd "$(dirname "$0")/.." && cargo build --quiet && cargo run --quiet --example pictures
