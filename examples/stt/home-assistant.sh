#!/usr/bin/env bash
# Speech to text, and action, by Home Assistant: its speech-to-text engine understands the recording, its conversation agent acts
# on the text. Prints the text.
#
#   examples/stt/home-assistant.sh URL ENGINE LANGUAGE TOKEN_FILE WAV
#
# ENGINE is an entity such as stt.faster_whisper; TOKEN_FILE holds a long-lived access token. WAV is 16 kHz mono with 16 bits, as
# ORAC gives it. Debian: curl, jq.
#
# Whoever calls this tries again when it fails. So it fails only as long as Home Assistant cannot have acted: once the text is on
# its way, a missing answer is told on standard error, and is no failure.
set -euo pipefail

if [ $# -ne 5 ]; then
	echo "usage: $0 URL ENGINE LANGUAGE TOKEN_FILE WAV" >&2
	exit 64
fi
for program in curl jq; do
	if ! command -v "$program" >/dev/null; then
		echo "$0: $program is not installed: apt-get install $program" >&2
		exit 1
	fi
done
url=${1%/} engine=$2 language=$3 token_file=$4 wav=$5
token=$(<"$token_file")

# The token goes through a pipe: everybody can read the arguments of a program.
ask() {
	curl --silent --show-error --fail --max-time 25 -H @<(printf 'Authorization: Bearer %s\n' "$token") "$@"
}

# The sound goes without the header of the WAV (44 bytes), as Home Assistant's own satellites send it.
answer=$(tail -c +45 "$wav" | ask --data-binary @- -H 'Content-Type: application/octet-stream' \
	-H "X-Speech-Content: format=wav; codec=pcm; sample_rate=16000; bit_rate=16; channel=1; language=$language" \
	"$url/api/stt/$engine")
if [ "$(jq -r .result <<<"$answer")" != success ]; then
	echo "$0: $engine did not understand the recording: $answer" >&2
	exit 1
fi
heard=$(jq -r '.text // "" | gsub("^\\s+|\\s+$"; "")' <<<"$answer")
if [ -z "$heard" ]; then # nothing was said
	exit 0
fi

status=0
jq -n --arg text "$heard" --arg language "$language" '{$text, $language}' |
	ask --data-binary @- -H 'Content-Type: application/json' -o /dev/null "$url/api/conversation/process" || status=$?
case $status in
0) ;;
6 | 7) exit 1 ;; # the connection was never made: nothing can have happened
*) echo "$0: Home Assistant was given \"$heard\" and did not say what it did" >&2 ;;
esac
printf '%s\n' "$heard"
