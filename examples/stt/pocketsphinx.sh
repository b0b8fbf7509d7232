#!/usr/bin/env bash
# Speech to text by pocketsphinx: prints what it understands of a 16 kHz mono WAV, and nothing else.
#
#   examples/stt/pocketsphinx.sh WAV
#
# An example of a command for protocol = "exec": see examples/runbooks/pocketsphinx.hcl. It knows the few sentences of
# commands.gram beside it (Debian: pocketsphinx, pocketsphinx-en-us). The wake word at the
# front is left out. Nothing understood is an empty output and a success.
set -euo pipefail

if [ $# -ne 1 ]; then
	echo "usage: $0 WAV" >&2
	exit 64
fi
if ! command -v pocketsphinx_continuous >/dev/null; then
	echo "$0: pocketsphinx is not installed: apt-get install pocketsphinx pocketsphinx-en-us" >&2
	exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# One line for every stretch of speech between pauses.
if ! heard=$(pocketsphinx_continuous -infile "$1" -jsgf "$(dirname "$0")/commands.gram" 2>"$log"); then
	grep -E '^(ERROR|FATAL)' "$log" >&2 || cat "$log" >&2
	exit 1
fi
tr '\n' ' ' <<<"$heard" | sed -E 's/^(hey )?(jarvis|alexa) //; s/ +$//'
