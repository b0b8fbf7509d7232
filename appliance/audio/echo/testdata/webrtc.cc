// Subtracts echo by libwebrtc-audio-processing. It reads pairs of samples (microphone, loudspeaker; int16, 16 kHz) and writes what is left
// of the microphone. Its arguments: "noise" adds the suppressor of noise, which PulseAudio's module-echo-cancel has on; "agnostic" has the
// library find the delay by itself, with the longer filter.
#include <stdio.h>
#include <string.h>

#include <webrtc/modules/audio_processing/include/audio_processing.h>
#include <webrtc/modules/interface/module_common_types.h>

enum { RATE = 16000, FRAME = 160 };

int main(int argc, char **argv) {
	bool noise = false, agnostic = false;
	for (int i = 1; i < argc; i++) {
		noise |= strcmp(argv[i], "noise") == 0;
		agnostic |= strcmp(argv[i], "agnostic") == 0;
	}
	webrtc::Config config;
	config.Set<webrtc::ExtendedFilter>(new webrtc::ExtendedFilter(agnostic));
	config.Set<webrtc::DelayAgnostic>(new webrtc::DelayAgnostic(agnostic));
	webrtc::AudioProcessing *apm = webrtc::AudioProcessing::Create(config);
	apm->high_pass_filter()->Enable(true);
	apm->echo_cancellation()->enable_drift_compensation(false);
	apm->echo_cancellation()->Enable(true);
	if (noise) {
		apm->noise_suppression()->set_level(webrtc::NoiseSuppression::kHigh);
		apm->noise_suppression()->Enable(true);
	}
	webrtc::AudioFrame mic, played;
	mic.num_channels_ = played.num_channels_ = 1;
	mic.samples_per_channel_ = played.samples_per_channel_ = FRAME;
	mic.sample_rate_hz_ = played.sample_rate_hz_ = RATE;
	int16_t pairs[2 * FRAME];
	while (fread(pairs, 2 * sizeof *pairs, FRAME, stdin) == FRAME) {
		for (int i = 0; i < FRAME; i++) {
			mic.data_[i] = pairs[2 * i];
			played.data_[i] = pairs[2 * i + 1];
		}
		apm->AnalyzeReverseStream(&played);
		apm->set_stream_delay_ms(0);
		if (apm->ProcessStream(&mic) != 0 || fwrite(mic.data_, sizeof *mic.data_, FRAME, stdout) != FRAME)
			return 1;
	}
	return 0;
}
