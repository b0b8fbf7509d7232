// Package moonshine turns speech into text with Useful Sensors' Moonshine networks (English), which learned from sound as it is: no
// spectrogram is computed outside the network.
//
// Guarantees:
//
//   - Files of another kind, or of another model, are refused before the inference library sees them; the error names the file and
//     what it lacks.
//   - It runs the bytes that it is given and opens no model by its path.
//   - Sound without speech gives no text. Neither does text that cannot be what was said: text that repeats itself without end, that is longer
//     than anybody can speak in the time, or that the network itself does not believe. Nothing then says which of these it was.
//   - A text ends as a sentence does or without a mark: no comma, semicolon, colon or dash is left at its end.
//   - The work of one call is bounded by the length of its sound, and a call can be stopped between two steps.
//   - Words carry no times: the networks as they are published do not tell where in the sound a word was.
//
// Sound is 16 kHz mono int16. One goroutine at a time owns an Engine, and closes it.
//
// The steps are those of the published implementation (moonshine-js 0.1.10, src/model.ts).
package moonshine
