#!/usr/bin/env bash
# The whole way on REST: from a leadership role held to a credential status that a district pulls. It needs bash (4.4 or
# later), curl and jq, and a server with demo data (`make run`), whose keys it reads from demo.env; BTLC_ENV names another
# such file. Each request and answer is printed, shortened for reading: of ids the last six digits are shown, long texts and
# lists are cut, and what is empty is left out, as are etags and times of record. It ends with an error at the first answer
# that is not what it must be.
set -euo pipefail

if [[ -z ${BTLC_ENV:-} ]]; then
	if [[ $(id -u) == 0 ]]; then BTLC_ENV=/var/lib/btlc/demo.env; else BTLC_ENV=${XDG_DATA_HOME:-$HOME/.local/share}/btlc/demo.env; fi
fi
if [[ ! -r $BTLC_ENV ]]; then
	echo "There is no $BTLC_ENV to read: start a server with demo data first (make run), or set BTLC_ENV to its demo.env." >&2
	exit 1
fi
# shellcheck source=/dev/null
source "$BTLC_ENV"

district=districts/bps university=institutions/umass-boston college=institutions/cambridge-college
course=courses/using-data certificate=credentialTypes/using-data-certificate framework=frameworks/btlc-1

declare -A keys=([staff]=$BTLC_STAFF_KEY [district]=$BTLC_DISTRICT_KEY [registrar]=$BTLC_REGISTRAR_KEY [nobody]='')
declare -a clients=()
answer='' status=''

# What is printed of a body.
shorten='
	def text: gsub("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{6}(?<end>[0-9a-f]{6})"; "..\(.end)") | if length > 90 then .[:87] + "..." else . end;
	def short:
		if type == "object" then
			del(.etag, .createTime, .updateTime) | with_entries(select(.value != "" and .value != []) | if .key == "secret" then .value |= .[:13] + "..." else .value |= short end)
		elif type == "array" then (.[:2] | map(short)) + (if length > 2 then ["... \(length - 2) more"] else [] end)
		elif type == "string" then text
		else . end;
	short'

heading() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }

fail() {
	printf '\nFAILED: %s\n' "$*" >&2
	[[ -z $answer ]] || printf 'The last answer (%s): %s\n' "$status" "$answer" >&2
	exit 1
}

# send CALLER METHOD PATH [BODY]: leaves the answer in $answer and its status in $status, and prints nothing.
send() {
	local reply headers=()
	if [[ -n ${keys[$1]} ]]; then headers+=(-H "Authorization: Bearer ${keys[$1]}"); fi
	if [[ -n ${4:-} ]]; then headers+=(-H 'Content-Type: application/json' --data-binary "$4"); fi
	reply=$(curl -sS -X "$2" "${headers[@]}" -w '\n%{http_code}' "$BTLC_URL$3") || fail "$2 $3: the server does not answer"
	status=${reply##*$'\n'} answer=${reply%$'\n'*}
}

# call CALLER METHOD PATH [BODY] [STATUS]: sends, prints both, and wants the status, 200 when none is given.
call() {
	printf '%s %s   as %s\n' "$2" "$(jq -Rr "$shorten" <<<"$3")" "$1"
	[[ -z ${4:-} ]] || printf '   -> %s\n' "$(jq -c "$shorten" <<<"$4")"
	send "$@"
	printf '   <- %s %s\n' "$status" "$(jq -c "$shorten" <<<"$answer")"
	wants "${5:-200}"
}

wants() { [[ $status == "$1" ]] || fail "wanted status $1, not $status"; }

# get FILTER: what the last answer has there.
get() { jq -er "$1" <<<"$answer" || fail "the answer has no $1"; }

# check WHAT FILTER [JQ ARGUMENTS]: the last answer must make the filter true.
check() {
	local what=$1 filter=$2
	shift 2
	jq -e "$@" "$filter" <<<"$answer" >/dev/null || fail "it is not so: $what"
	note "ok: $what"
}

# body [JQ ARGUMENTS]: makes a JSON object.
body() { jq -nc "$@"; }

# new_caller CALLER NAME ROLE SCOPE: an API client with one role and a key, which is put into keys[CALLER].
new_caller() {
	local client
	call staff POST /v1/apiClients "$(body --arg name "$2" '{displayName: $name}')"
	client=$(get .name)
	clients+=("$client")
	call staff POST /v1/roleBindings "$(body --arg client "$client" --arg role "$3" --arg scope "$4" '{apiClient: $client, role: $role, scope: $scope}')"
	call staff POST "/v1/$client/keys" '{}'
	keys[$1]=$(get .secret)
}

# explain: prints requirements with their citations and the facts that decided them.
explain() {
	jq -r '.outcomes[] | "   \(if .met then "met  " else "UNMET" end) \(.title)",
		"         citation: \(.citation | if length > 150 then .[:147] + "..." else . end)",
		(.facts[] | "         fact: \(.kind) \(.id) = \(.value)\(if .occurTime then ", since \(.occurTime[:10])" else "" end)"),
		(if .met then empty else "         to do: \(.message)" end)' <<<"$answer"
}

put_away() {
	local client
	for client in "${clients[@]}"; do send staff POST "/v1/$client:disable" '{}' || true; done
}
trap put_away EXIT

heading 'Before the walk: staff enter a person, and make keys for the callers'
number=E9$(printf '%05d' $((RANDOM * 3 % 100000)))$RANDOM
email=walk.${number,,}@example.org
call staff GET "/v1/$district/schools?pageSize=1"
school=$(get '.schools[0].name')
call staff GET "/v1/$district/roles?pageSize=1&filter=display_name%20%3D%20%22Data%20team%20leader%22"
role=$(get '.roles[0].name')
call staff POST /v1/educators "$(body --arg email "$email" --arg district $district --arg number "$number" '{givenName: "Robin", familyName: "Walkthrough", emails: [{address: $email, verified: true}],
	externalIds: [{kind: "EXTERNAL_ID_KIND_EMPLOYEE_ID", district: $district, value: $number}]}')"
educator=$(get .name)
call staff POST "/v1/$educator/employments" "$(body --arg district $district --arg school "$school" '{district: $district, school: $school, title: "Grade 5 teacher", startDate: {year: 2019, month: 9, day: 1}}')"
new_caller educator 'Walk: the educator' ROLE_EDUCATOR "$educator"
new_caller principal 'Walk: the principal' ROLE_PRINCIPAL "$school"
new_caller 'other registrar' 'Walk: registrar of another college' ROLE_REGISTRAR $college
cursor='' seen=0
while
	send district GET "/v1/$district/changes?pageSize=1000&cursor=$cursor"
	wants 200
	cursor=$(get .nextCursor)
	got=$(get '.changes | length')
	((got > 0))
do seen=$((seen + got)); done
note "the district has read its change feed to the end: $seen changes"

heading 'A section of Using Data is opened with its 11 meetings: 8 evenings and 3 Saturdays, 36 hours, in the last 12 weeks'
call staff GET '/v1/terms?pageSize=1'
term=$(get '.terms[0].name')
call staff GET "/v1/$course"
version=$(get .latestVersion)
section=$(body --arg version "$version" --arg term "$term" '
	def at: strftime("%Y-%m-%dT%H:%M:%SZ");
	(now | floor) as $now | ($now - $now % 86400) as $today
	| ($today - (((($now | gmtime)[6] + 6) % 7) + 84) * 86400) as $monday
	| {
		courseVersion: $version, term: $term, displayName: "Using Data, team leaders", capacity: 20,
		registrationOpenTime: ($now - 100 * 86400 | at), registrationCloseTime: ($now + 7 * 86400 | at),
		meetings: [[range(12) | select(. != 10)] | to_entries[]
			| ($monday + .value * 7 * 86400) as $week
			| (if .value == 2 or .value == 5 or .value == 8 then [$week + 5 * 86400 + 12.5 * 3600, 4] else [$week + 86400 + 20.5 * 3600, 3] end) as [$start, $hours]
			| {meetingNumber: (.key + 1), startTime: ($start | at), endTime: ($start + $hours * 3600 | at)}]
	}')
call staff POST /v1/sections "$section"
section=$(get .name)
call staff POST "/v1/$section:open" '{}'
check 'the section is open' '.state == "SECTION_STATE_OPEN"'

heading 'An educator registers and is refused: no leadership role is confirmed'
registration=$(body --arg educator "$educator" --arg framework $framework '{educator: $educator, acknowledgedFramework: $framework, strengths: "Runs the grade level meetings.", learningGoals: "To lead an inquiry cycle from start to end."}')
call educator POST "/v1/$section/registrations" "$registration" 409
check 'the reason is ROLE_NOT_HELD' '.reason == "ROLE_NOT_HELD"'

heading 'The role is reported, and the principal confirms it'
call educator POST "/v1/$educator/roleAssignments" "$(body --arg role "$role" --arg school "$school" '{role: $role, school: $school, startDate: {year: 2024, month: 9, day: 1}}')"
assignment=$(get .name)
call principal POST "/v1/$assignment:confirm" '{}'
check 'the role is confirmed' '.state == "ROLE_ASSIGNMENT_STATE_CONFIRMED"'

heading 'The educator registers, asks for graduate credit, and consents to its disclosure'
call educator POST "/v1/$section/registrations" "$registration"
registration=$(get .name)
check 'there is a seat, by the confirmed role' '.state == "REGISTRATION_STATE_ENROLLED" and .roleAssignment == $assignment' --arg assignment "$assignment"
call educator POST /v1/creditRequests "$(body --arg registration "$registration" --arg institution $university '{registration: $registration, institution: $institution}')"
call educator POST "/v1/$educator/consents" "$(body --arg institution $university '{institution: $institution}')"

heading 'Attendance of 36 hours is entered by staff, who may enter past dates: such entries are marked as late'
send staff GET "/v1/$section/meetings?pageSize=100"
wants 200
meetings=$(get '.meetings[] | "\(.name) \((.endTime | fromdate) - (.startTime | fromdate) | . / 60)"')
while read -r meeting minutes; do
	call staff POST "/v1/$meeting:recordAttendance" "$(body --arg registration "$registration" --argjson minutes "$minutes" '{marks: [{registration: $registration, kind: "ATTENDANCE_KIND_PRESENT", minutes: $minutes}]}')"
	jq -e '.entries[0].late == true' <<<"$answer" >/dev/null || fail 'an entry weeks after the meeting is marked as late'
done <<<"$meetings"
call educator GET "/v1/$registration:attendance"
check '36 hours of 36 count' '.minutes == 2160 and .contactMinutes == 2160 and (.meetings | length) == 11'

heading 'Four submissions are made and scored; before the last score, eligibility says what is missing'
call nobody GET "/v1/$framework"
slots=$(get '.coreSkills[] | select(.id == "using-data") | .performanceAssessments[] | {assessment: .id, evidence: [
	[.slots | group_by(.alternativeGroup)[] | if .[0].alternativeGroup == "" then .[] else .[0] end][] as $slot
	| range($slot.minItems) | {slot: $slot.id, title: "\($slot.title), \(. + 1)", audience: (if $slot.needsAudience then "Audience \(. + 1)" else "" end)}]} | @json')
scored=0
while read -r submission; do
	call educator POST /v1/submissions "$(jq -c --arg educator "$educator" --arg framework $framework '. + {educator: $educator, framework: $framework}' <<<"$submission")"
	submission=$(get .name)
	call educator POST "/v1/$submission:submit" '{}'
	scored=$((scored + 1))
	if [[ $scored == 4 ]]; then
		heading 'Eligibility for the certificate before the last score'
		call educator POST "/v1/$certificate:evaluateEligibility" "$(body --arg educator "$educator" '{educator: $educator}')"
		explain
		check 'not eligible yet, and it says what is missing' '(.eligible | not) and ([.outcomes[] | select(.met | not) | .requirement] == ["performance-assessments"])'
		check 'every requirement has its citation and facts' 'all(.outcomes[]; .citation != "" and (.facts | length) > 0)'
		call staff POST /v1/credentials:issue "$(body --arg educator "$educator" --arg type $certificate '{educator: $educator, credentialType: $type}')" 409
		check 'nothing is issued: REQUIREMENTS_UNMET' '.reason == "REQUIREMENTS_UNMET"'
	fi
	call staff POST "/v1/$submission/scoreSheets" '{"outcome": "SCORE_OUTCOME_DEMONSTRATED", "rationale": "Every part is there, and the evidence bears out what is said of it."}'
	check 'demonstrated' '.submission.state == "SUBMISSION_STATE_DEMONSTRATED"'
done <<<"$slots"

heading 'After the last score all requirements are met'
call educator POST "/v1/$certificate:evaluateEligibility" "$(body --arg educator "$educator" '{educator: $educator}')"
explain
check 'eligible, each requirement with its citation and facts' '.eligible and all(.outcomes[]; .met and .citation != "" and (.facts | length) > 0)'

heading 'The certificate is issued and signed'
call staff POST /v1/credentials:issue "$(body --arg educator "$educator" --arg type $certificate '{educator: $educator, credentialType: $type}')"
credential=$(get .name) document=$(get .document)
note 'its proofs:'
jq '.proof' <<<"$document" | sed 's/^/   /'
method=$(jq -er '[.proof[].verificationMethod] | unique | if length == 1 then .[0] else error end' <<<"$document") || fail 'the document has no proofs by one key'
call nobody GET /.well-known/did.json
check 'the key that signed is one that the issuer publishes' 'any(.verificationMethod[]; .id == $method) and (.assertionMethod | index($method) != null)' --arg method "$method"
send nobody GET "/$credential"
[[ $answer == "$document" ]] || fail 'the published document is not, byte for byte, the one that was issued'
note "ok: GET $(jq -Rr "$shorten" <<<"/$credential") is the same document, byte for byte"
shown=$(body --arg credential "$document" '{credential: $credential}')
call nobody POST /v1/credentials:verify "$shown"
check 'whoever is shown it finds it valid' '.valid and all(.checks[]; .outcome == "OUTCOME_PASSED")'

heading 'The district looks the status up by its own employee id'
lookup=$(body --arg number "$number" '{employeeId: $number}')
call district POST "/v1/$district/credentialStatuses:lookup" "$lookup"
check 'the certificate counts' '[.statuses[] | [.credential, .status]] == [[$credential, "CREDENTIAL_STATUS_ACTIVE"]]' --arg credential "$credential"

heading 'The university asks for graduate-credit eligibility'
asked=$(body --arg email "$email" --arg course $course '{email: $email, course: $course}')
call registrar POST "/v1/$university/creditEligibility:check" "$asked"
explain
check 'eligible, and explained' '.eligible and .credits == 3 and all(.outcomes[]; .met and .citation != "")'

heading 'Another college gets the answer for a person who does not exist'
call 'other registrar' POST "/v1/$college/creditEligibility:check" "$asked" 404
about_them=$(jq -cS 'del(.requestId, .instance)' <<<"$answer")
call 'other registrar' POST "/v1/$college/creditEligibility:check" "$(body --arg course $course '{email: "nobody.at.all@example.org", course: $course}')" 404
about_nobody=$(jq -cS 'del(.requestId, .instance)' <<<"$answer")
[[ $about_them == "$about_nobody" ]] || fail "the two answers differ: $about_them and $about_nobody"
note 'ok: but for the id of the request the two answers are the same'

heading 'The certificate is revoked'
call staff POST "/v1/$credential:revoke" '{"reasonCode": "ISSUED_IN_ERROR", "authority": "Program director", "note": "Issued to try the walk."}'
check 'it is revoked' '.status == "CREDENTIAL_STATUS_REVOKED" and .version == 2'

heading 'Whoever is shown it sees that at once'
call nobody POST /v1/credentials:verify "$shown"
check 'its proofs still hold, but it does not count' '(.valid | not) and ([.checks[] | select(.outcome != "OUTCOME_PASSED") | .check] == ["status"])'

heading 'The district sees it at once, in look-up and change feed'
call district POST "/v1/$district/credentialStatuses:lookup" "$lookup"
check 'the certificate does not count any more' '[.statuses[] | [.credential, .status]] == [[$credential, "CREDENTIAL_STATUS_REVOKED"]]' --arg credential "$credential"
call district GET "/v1/$district/changes?pageSize=1000&cursor=$cursor"
note 'of these, the ones about the credential:'
jq -c --arg credential "$credential" ".changes[] | select(.resource == \$credential) | $shorten" <<<"$answer" | sed 's/^/   /'
check 'issue and revocation, in order, under the district'\''s own number' '[.changes[] | select(.resource == $credential) | [.kind, .version, .state.status, .naturalKeys.employeeId]]
	== [["CHANGE_KIND_CREATED", 1, "ACTIVE", $number], ["CHANGE_KIND_UPDATED", 2, "REVOKED", $number]]' --arg credential "$credential" --arg number "$number"

printf '\nThe whole way was walked: every answer was what it must be.\n'
