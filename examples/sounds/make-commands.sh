#!/usr/bin/env bash
# Makes household commands, spoken by several voices, to measure how well ORAC understands: 16 kHz mono, with flite and espeak-ng. Where
# Debian's package asterisk-core-sounds-en-wav is installed, it also takes sentences that a person has spoken (Allison Smith, CC BY-SA 3.0,
# recorded for telephones: 8 kHz).
#
#   examples/sounds/make-commands.sh DIRECTORY
#
# DIRECTORY/transcripts.tsv says what is spoken in each file. Every file has a second of near silence at both ends, as a recording has whose
# listener waits for the end of a command.
set -euo pipefail

if [ $# -ne 1 ]; then
	echo "usage: $0 DIRECTORY" >&2
	exit 64
fi
for program in flite espeak-ng; do
	if ! command -v $program >/dev/null; then
		echo "$0: $program is not installed: run make bench, or apt-get install $program" >&2
		exit 1
	fi
done
here=$(dirname "$0")
out=$1
mkdir -p "$out"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# convert IN OUT makes 16 kHz of a sound of any rate, between two times a second of noise at -70 dB, with the loudest sample at -3 dB.
convert() {
	perl -e '
		use strict; use warnings;
		my ($in, $to) = @ARGV;
		my ($rate, $gap) = (16000, 16000);
		open my $f, "<:raw", $in or die "$in: $!\n";
		local $/;
		my $wav = <$f>;
		my $data = index $wav, "data";
		substr($wav, 20, 4) eq "\1\0\1\0" && $data > 0 or die "$in is not 16 bit mono\n";
		my $from = unpack "V", substr($wav, 24, 4);
		my @said = unpack "s<*", substr($wav, $data + 8);
		if ($from != $rate) { # a windowed sinc of 8 zero crossings
			my $step = $from / $rate;
			my $cut = $step > 1 ? 1 / $step : 1;
			my @made;
			for my $i (0 .. int(@said / $step) - 1) {
				my $at = $i * $step;
				my $sum = 0;
				for my $j (int($at - 8 / $cut) .. int($at + 8 / $cut) + 1) {
					next if $j < 0 || $j >= @said;
					my $x = ($at - $j) * $cut;
					next if abs($x) >= 8;
					my $sinc = abs($x) < 1e-9 ? 1 : sin(3.14159265358979 * $x) / (3.14159265358979 * $x);
					$sum += $said[$j] * $cut * $sinc * (0.5 + 0.5 * cos(3.14159265358979 * $x / 8));
				}
				push @made, $sum;
			}
			@said = @made;
		}
		my $peak = 1;
		for (@said) { $peak = abs if abs > $peak }
		srand 1;
		my $hiss = sub { (rand(2) - 1) * 32768 * 10 ** (-70 / 20) };
		my @pcm = ((map { $hiss->() } 1 .. $gap), (map { $_ * 32768 * 10 ** (-3 / 20) / $peak } @said), (map { $hiss->() } 1 .. $gap));
		my $bytes = pack "s<*", @pcm;
		open my $o, ">:raw", $to or die "$to: $!\n";
		print $o "RIFF", pack("V", 36 + length $bytes), "WAVEfmt ", pack("VvvVVvv", 16, 1, 1, $rate, 2 * $rate, 2, 16),
			"data", pack("V", length $bytes), $bytes;
		close $o or die "$to: $!\n";
	' "$1" "$2"
}

# The voices take turns: each command is spoken by two of them.
voices=(flite:slt espeak-ng:en-us flite:awb espeak-ng:en-gb+f3 flite:rms espeak-ng:en-gb-x-rp+m3 flite:kal16 espeak-ng:en-us+f2)
n=0
while IFS= read -r text; do
	for _ in 1 2; do
		IFS=: read -r program voice <<<"${voices[n % ${#voices[@]}]}"
		name=$(printf 'command-%02d-%s' $n "$program-${voice//+/-}")
		case $program in
		flite) flite -voice "$voice" -t "$text" -o "$tmp/said.wav" ;;
		espeak-ng) espeak-ng -v "$voice" -s 150 -w "$tmp/said.wav" "$text" ;;
		esac
		convert "$tmp/said.wav" "$tmp/$name.wav"
		printf '%s\t%s\n' "$name" "$text" >>"$tmp/transcripts.tsv"
		n=$((n + 1))
	done
	n=$((n + 1)) # so that the pairs differ
done <"$here/commands.txt"

recorded=/usr/share/asterisk/sounds/en_US_f_Allison
if [ -d "${RECORDED:=$recorded}" ]; then
	while IFS=$'\t' read -r name text; do
		convert "$RECORDED/$name.wav" "$tmp/recorded-$name.wav"
		printf 'recorded-%s\t%s\n' "$name" "$text" >>"$tmp/transcripts.tsv"
	done <"$here/recorded.tsv"
fi
mv "$tmp"/*-*.wav "$out"
mv "$tmp/transcripts.tsv" "$out/transcripts.tsv"
