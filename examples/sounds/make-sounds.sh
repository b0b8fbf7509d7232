#!/usr/bin/env bash
# Makes the spoken sounds that the examples, the tests and `make run` play: 16 kHz mono, with flite (Debian: flite).
#
#   examples/sounds/make-sounds.sh DIRECTORY
#
# The same version of flite makes the same files. Silence before the wake word gives the models the 1.3 s that their
# window holds; the loudest sample of speech is at -3 dB.
set -euo pipefail

if [ $# -ne 1 ]; then
	echo "usage: $0 DIRECTORY" >&2
	exit 64
fi
if ! command -v flite >/dev/null; then
	echo "$0: flite is not installed: run make deps, or apt-get install flite" >&2
	exit 1
fi
out=$1
mkdir -p "$out"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# say VOICE TEXT NAME speaks into a file of its own.
say() { flite -voice "$1" -t "$2" -o "$tmp/$3.wav"; }

say kal16 'hey jarvis' jarvis
say slt 'alexa' alexa
say slt 'turn on the kitchen light' on
say awb 'turn off the bedroom light' off
say slt 'what time is it' time
say awb 'the train to the coast leaves at seven in the evening' talk

# join NAME PART… makes a file of parts one after the other: a number is seconds of silence, noise:SECONDS is white noise
# at -30 dB from a fixed seed, and a name is something said.
join() {
	local name=$1
	shift
	perl -e '
		use strict; use warnings;
		my ($dir, $to, @parts) = @ARGV;
		my $rate = 16000;
		srand 1;
		my @pcm;
		for my $part (@parts) {
			if ($part =~ /^[\d.]+$/) { push @pcm, (0) x ($part * $rate); next }
			if ($part =~ /^noise:([\d.]+)$/) { push @pcm, map { (rand(2) - 1) * 32768 * 10 ** (-30 / 20) } 1 .. $1 * $rate; next }
			open my $f, "<:raw", "$dir/$part.wav" or die "$part: $!\n";
			local $/;
			my $wav = <$f>;
			substr($wav, 20, 4) eq "\1\0\1\0" && unpack("V", substr($wav, 24, 4)) == $rate && substr($wav, 36, 4) eq "data"
				or die "flite did not make 16 kHz mono of $part\n";
			my @said = unpack "s<*", substr($wav, 44);
			my $peak = 1;
			for (@said) { $peak = abs if abs > $peak }
			push @pcm, map { $_ * 32768 * 10 ** (-3 / 20) / $peak } @said;
		}
		my $data = pack "s<*", @pcm;
		open my $f, ">:raw", $to or die "$to: $!\n";
		print $f "RIFF", pack("V", 36 + length $data), "WAVEfmt ", pack("VvvVVvv", 16, 1, 1, $rate, 2 * $rate, 2, 16),
			"data", pack("V", length $data), $data;
		close $f or die "$to: $!\n";
	' "$tmp" "$tmp/joined" "$@"
	mv "$tmp/joined" "$out/$name.wav" # whole or not at all
}

join hey_jarvis_lights_on 2 jarvis 0.3 on 2
join hey_jarvis_lights_off 2 jarvis 0.3 off 2
join hey_jarvis_time 2 jarvis 0.3 time 2
join hey_jarvis 2 jarvis 2
join hey_jarvis_twice 2 jarvis 0.3 on 3 jarvis 0.3 off 2
join alexa 2 alexa 2
join talk 2 talk 2
join silence 5
join noise noise:5
