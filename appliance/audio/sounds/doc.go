// Package sounds reads what a speaker is to play: WAV, FLAC, MP3 and Opus files, from the disk or the network, and streams of samples. All of it
// becomes mono at the rate of package play.
//
// It guarantees:
//
//   - Whatever a file or a server sends, reading it ends in sound or in an error that says what is wrong. A decoder that breaks is an error
//     of that sound alone. Memory is bounded, however long a sound is.
//   - A fetch connects within 5 s, and gives up 10 s after the last byte. It follows few redirects, uses no proxy, sends no credential, and
//     goes only where package reach lets it.
//   - Reading ends when the task is told to stop.
package sounds
