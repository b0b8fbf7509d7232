package main

import "time"

// lanes are all rows, in the order of the table. The bounds are the promises of the design: sound is back within 3 s of a read
// that blocks or a microphone that returns, any other single failure is over within 10 s, and no utterance is lost.
var lanes = []lane{
	{"sound", []row{
		{"capture process stopped (SIGSTOP)", 3 * time.Second, workerStopped},
		{"capture process killed (SIGKILL)", 3 * time.Second, workerKilled},
		{"capture process writes garbage", 3 * time.Second, garbage},
		{"audio server stopped 5 s", 3 * time.Second, audioStopped},
		{"audio server killed, started again", 3 * time.Second, audioKilled},
		{"microphone unplugged 5 s, back under another index", 3 * time.Second, unplugged},
		{"the same, with another microphone present", 3 * time.Second, otherPresent},
	}},
	{"delivery", []row{
		{"speech-to-text down 20 s, five commands", 10 * time.Second, sttDown},
		{"state directory full 10 s", 10 * time.Second, diskFull},
		{"kill -9 during a recording", 10 * time.Second, killedRecording},
		{"kill -9 during a delivery", 10 * time.Second, killedDelivering},
		{"memory over its limit", 10 * time.Second, memoryExceeded},
		{"clock stepped by an hour", 10 * time.Second, clockStepped},
	}},
	{"changes", []row{
		{"applies in a row under load", 0, appliesUnderLoad},
		{"apply: the model is broken", 0, brokenModel},
		{"apply: the program is missing", 0, missingProgram},
		{"apply: the device is missing", 0, missingDevice},
		{"apply: the device gives no sound", 10 * time.Second, mutedDevice},
		{"runbook changed between plan and apply", 0, changedBetween},
		{"plans in a loop", 0, manyPlans},
		{"two appliances, one state directory", 0, twoDaemons},
		{"a control client that never reads", 0, neverReads},
		{"a generation cut in half, restart", 10 * time.Second, cutGeneration},
	}},
}
