#!/bin/sh
# Writes gen/ts: the template beside this script, and the types of the OpenAPI document, which is generated before.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out="$root/gen/ts"

cd "$here"
npm ci --no-audit --no-fund --loglevel=error

mkdir -p "$out"
find "$out" -mindepth 1 -maxdepth 1 ! -name node_modules ! -name dist -exec rm -r {} +
cp -R template/. "$out"
./node_modules/.bin/openapi-typescript "$root/gen/openapi/btlc.openapi.json" --output "$out/src/schema.ts"
