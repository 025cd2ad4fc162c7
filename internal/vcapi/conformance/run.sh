#!/bin/sh
# Runs conformance suites of the W3C against the VC-API of this program, on this machine, and counts what came of each:
#
#   internal/vcapi/conformance/run.sh FOLDER [vcapiserver arguments…]
#
# FOLDER holds the suites, each checked out under its own name and installed as its README says; nothing of them is part of
# this project. What fails is listed with its reason; the exit code is 1 then. README.md tells what is expected.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { sed -n '4p' "$0" | cut -c3- >&2; exit 2; }
folder=$(cd "$1" && pwd)
shift

work=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || kill -INT "$server" || true
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# The suite for VC-JOSE-COSE starts each implementation by docker, which the program here stands in for.
(cd "$here" && go build -o "$work/vcapiserver" ../../tools/vcapiserver && go build -o "$work/bin/docker" ./jose)
PATH=$work/bin:$PATH
mkfifo "$work/address"
"$work/vcapiserver" "$@" >"$work/address" &
server=$!
read -r address <"$work/address"
BASE_URL=$(node -p 'JSON.parse(process.argv[1]).url' "$address")
ISSUER=$(node -p 'JSON.parse(process.argv[1]).issuer' "$address")
export BASE_URL ISSUER

# The suite for VC-JOSE-COSE maps iterators, which Node 20 does when told to.
helpers=--harmony-iterator-helpers
node $helpers -e '' 2>/dev/null || helpers=

failed=0
for suite in vc-data-model-2.0-test-suite vc-di-eddsa-test-suite vc-bitstring-status-list-test-suite vc-jose-cose-test-suite; do
	if [ ! -x "$folder/$suite/node_modules/.bin/mocha" ]; then
		echo "$suite: not installed in $folder"
		failed=1
		continue
	fi
	rm -f "$work/report.json"
	cp "$here/config.cjs" "$folder/$suite/localConfig.cjs"
	(cd "$folder/$suite" && node_modules/.bin/mocha $helpers tests/ --reporter json --reporter-option "output=$work/report.json" --timeout 15000 --preserve-symlinks >"$work/log" 2>&1) || true
	if [ ! -f "$work/report.json" ]; then
		echo "$suite: did not run"
		tail -n 5 "$work/log"
		failed=1
		continue
	fi
	node "$here/report.cjs" "$suite" "$work/report.json" || failed=1
done
exit $failed
