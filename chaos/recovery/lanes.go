package main

import "time"

// lanes are all rows, in the order of the table. The bounds are the promises of the design: sound is back within 3 s of a read
// that blocks or a microphone that returns, any other single failure is over within 10 s, and no utterance is lost. A row waits more
// than it computes, so the rows are divided among lanes that take about as long as one another.
var lanes = []lane{
	{"sound", []row{
		{name: "capture process stopped (SIGSTOP)", bound: 3 * time.Second, run: workerStopped},
		{name: "capture process killed (SIGKILL)", bound: 3 * time.Second, run: workerKilled},
		{name: "capture process writes garbage", bound: 3 * time.Second, run: garbage},
		{name: "audio server stopped 5 s", bound: 3 * time.Second, run: audioStopped},
		{name: "audio server killed, started again", bound: 3 * time.Second, run: audioKilled},
		{name: "microphone unplugged 5 s, back under another index", bound: 3 * time.Second, run: unplugged},
		{name: "the same, with another microphone present", bound: 3 * time.Second, run: otherPresent},
	}},
	{"delivery", []row{
		{name: "speech-to-text down 20 s, five commands", bound: 10 * time.Second, run: sttDown},
		{name: "state directory full 10 s", bound: 10 * time.Second, run: diskFull},
		{name: "kill -9 during a recording", bound: 10 * time.Second, run: killedRecording},
	}},
	{"process", []row{
		{name: "kill -9 during a delivery", bound: 45 * time.Second, run: killedDelivering},
		{name: "clock stepped by an hour", bound: 10 * time.Second, run: clockStepped},
		{name: "memory over its limit", bound: 10 * time.Second, run: memoryExceeded, replaces: true},
	}},
	{"changes", []row{
		{name: "applies in a row under load", run: appliesUnderLoad},
		{name: "apply: the model is broken", run: brokenModel},
		{name: "apply: the program is missing", run: missingProgram},
		{name: "apply: the device is missing", run: missingDevice},
		{name: "apply: the port is taken", run: takenPort},
		{name: "apply: the device gives no sound", bound: 10 * time.Second, run: mutedDevice},
		{name: "runbook changed between plan and apply", run: changedBetween},
		{name: "plans in a loop", run: manyPlans},
		{name: "two appliances, one state directory", run: twoDaemons},
		{name: "a control client that never reads", run: neverReads},
		{name: "a generation cut in half, restart", bound: 10 * time.Second, run: cutGeneration},
	}},
}
