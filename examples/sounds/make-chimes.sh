#!/usr/bin/env bash
# Makes the chimes that tell what ORAC does: 16 kHz mono WAV, a few kilobytes each.
#
#   examples/sounds/make-chimes.sh DIRECTORY
#
# Each is a row of short tones that fade like those of a small bell. Two partials make a tone; the loudest sample is at -9 dB.
set -euo pipefail

if [ $# -ne 1 ]; then
	echo "usage: $0 DIRECTORY" >&2
	exit 64
fi
mkdir -p "$1"

# bell NAME HZ:START:SECONDS… writes NAME.wav.
bell() {
	perl -e '
		use strict; use warnings;
		my ($to, @notes) = @ARGV;
		my ($rate, $pi, @pcm) = (16000, 3.14159265358979);
		for (@notes) {
			my ($hz, $start, $long) = split /:/;
			for my $i (0 .. int($long * $rate) - 1) {
				my $t = $i / $rate;
				my $shape = ($t < 0.004 ? $t / 0.004 : 1) * exp(-5 * $t / $long) * (1 - $t / $long);
				$pcm[int($start * $rate) + $i] += $shape * (sin(2 * $pi * $hz * $t) + 0.3 * sin(4 * $pi * $hz * $t));
			}
		}
		my $peak = 0;
		for (@pcm) { $_ //= 0; $peak = abs if abs > $peak }
		my $data = pack "s<*", map { int($_ / $peak * 32767 * 0.35) } @pcm;
		open my $f, ">:raw", $to or die "$to: $!";
		print $f pack("A4 V A4 A4 V v v V V v v A4 V", "RIFF", 36 + length $data, "WAVE", "fmt ", 16, 1, 1, $rate, 2 * $rate, 2, 16, "data", length $data), $data;
		close $f or die "$to: $!";
	' "$1" "${@:2}"
}

bell "$1/wake.wav" 660:0:0.12 990:0.07:0.2
bell "$1/done.wav" 990:0:0.12 660:0.07:0.2
bell "$1/error.wav" 330:0:0.18 262:0.14:0.3
bell "$1/timer.wav" 880:0:0.18 880:0.2:0.18 880:0.4:0.18 1175:0.6:0.4
bell "$1/mute.wav" 523:0:0.25
