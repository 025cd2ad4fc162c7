#!/usr/bin/env bash
# A district keeps a copy of its people's statuses, on REST: everything at once, then each change as it comes, and a digest
# that proves that nothing is missing. It needs bash (4.4 or later), curl, jq and sha256sum, and a server with demo data (`make
# run`), whose keys it reads from demo.env; BTLC_ENV names another such file. It ends with an error when the copy is not right.
set -euo pipefail

if [[ -z ${BTLC_ENV:-} ]]; then
	if [[ $(id -u) == 0 ]]; then BTLC_ENV=/var/lib/btlc/demo.env; else BTLC_ENV=${XDG_DATA_HOME:-$HOME/.local/share}/btlc/demo.env; fi
fi
# shellcheck source=/dev/null
source "$BTLC_ENV"
api=$BTLC_URL/v1/districts/bps work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ask AS CURL-ARGUMENTS...
ask() { curl -sSf -H "Authorization: Bearer $1" "${@:2}"; }

# mine digests the copy as docs/reconciliation.md says: for up to 256 rows, the leaves in the order of the rows' keys.
mine() {
	jq -r '[.credential, .educator, .credentialType, .status, .version] | join("\t")' "$work/copy" | while IFS=$'\t' read -r credential educator type status version; do
		key=$(printf '%s' "$credential" | sha256sum) leaf=$(printf '%s\n%s\n%s\n%s\n%s' "$credential" "$educator" "$type" "$status" "$version" | sha256sum)
		printf '%s %s\n' "${key%% *}" "${leaf%% *}"
	done | LC_ALL=C sort | cut -d' ' -f2 | sha256sum | cut -d' ' -f1
}

# compare sets the digest of the copy against that of the server.
compare() {
	local theirs
	theirs=$(ask "$BTLC_DISTRICT_KEY" "$api/credentialStatuses:digest" | jq -r .node.digest)
	[[ $(mine) == "$theirs" ]] || { echo "FAILED: the copy is not what the server has" >&2; exit 1; }
	printf '   ok: %s rows, digest %s... on both sides\n' "$(wc -l <"$work/copy")" "${theirs:0:16}"
}

echo "== Everything, as a spreadsheet and as a line for each credential, of one moment"
ask "$BTLC_DISTRICT_KEY" -H 'Accept: text/csv' "$api/credentialStatuses:export" | sed -n 1,2p
ask "$BTLC_DISTRICT_KEY" -D "$work/headers" "$api/credentialStatuses:export" >"$work/copy"
cursor=$(sed -n 's/^btlc-cursor: *\([^\r]*\).*/\1/ip' "$work/headers")
compare

echo "== Staff suspend one of them"
credential=$(jq -rs '[.[] | select(.status == "CREDENTIAL_STATUS_ACTIVE")][0].credential' "$work/copy")
why='{"reasonCode": "UNDER_REVIEW", "authority": "Program director"}'
ask "$BTLC_STAFF_KEY" -H 'Content-Type: application/json' -d "$why" "$BTLC_URL/v1/$credential:suspend" | jq -c '{status, statusReason}'

echo "== The change comes to whoever watches, after the cursor of the export"
while IFS= read -r line; do
	if jq -e --arg credential "$credential" 'select(.resource == $credential)' <<<"${line#data: }" >"$work/change" 2>/dev/null; then break; fi
done < <(ask "$BTLC_DISTRICT_KEY" -N --max-time 20 "$api/changes:watch?cursor=$cursor")
[[ -s $work/change ]] || { echo "FAILED: the change did not come" >&2; exit 1; }
kill "$!" # the watch, which would go on
jq -c '{sequence, resource, version, naturalKeys, state: {status: .state.status}}' "$work/change"
# The state is the row, whatever happened; what is deleted has none.
jq -c --slurpfile change "$work/change" 'select(.credential != $change[0].resource)' "$work/copy" >"$work/next"
jq -c 'select(.kind != "CHANGE_KIND_DELETED") | .state | .status = "CREDENTIAL_STATUS_" + .status' "$work/change" >>"$work/next"
mv "$work/next" "$work/copy"
compare

ask "$BTLC_STAFF_KEY" -H 'Content-Type: application/json' -d "$why" "$BTLC_URL/v1/$credential:reinstate" >"$work/answer"
echo "The copy was right at both times. The credential counts again."
