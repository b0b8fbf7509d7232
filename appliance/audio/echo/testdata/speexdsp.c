// Subtracts echo by libspeexdsp. It reads pairs of samples (microphone, loudspeaker; int16, 16 kHz) and writes what is left of the
// microphone. Its argument "suppress" adds the library's suppressor of what the filter leaves, as PulseAudio does.
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>
#include <stdio.h>
#include <string.h>

enum { RATE = 16000, FRAME = 320, TAIL = RATE * 3 / 10 };

int main(int argc, char **argv) {
	SpeexEchoState *echo = speex_echo_state_init(FRAME, TAIL);
	SpeexPreprocessState *post = NULL;
	int rate = RATE, off = 0;
	speex_echo_ctl(echo, SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
	if (argc > 1 && strcmp(argv[1], "suppress") == 0) {
		post = speex_preprocess_state_init(FRAME, RATE);
		speex_preprocess_ctl(post, SPEEX_PREPROCESS_SET_DENOISE, &off);
		speex_preprocess_ctl(post, SPEEX_PREPROCESS_SET_ECHO_STATE, echo);
	}
	spx_int16_t pairs[2 * FRAME], mic[FRAME], played[FRAME], out[FRAME];
	while (fread(pairs, 2 * sizeof *pairs, FRAME, stdin) == FRAME) {
		for (int i = 0; i < FRAME; i++) {
			mic[i] = pairs[2 * i];
			played[i] = pairs[2 * i + 1];
		}
		speex_echo_cancellation(echo, mic, played, out);
		if (post)
			speex_preprocess_run(post, out);
		if (fwrite(out, sizeof *out, FRAME, stdout) != FRAME)
			return 1;
	}
	return 0;
}
