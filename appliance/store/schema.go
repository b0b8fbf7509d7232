package store

// steps turn an empty database into the present schema, one version each; PRAGMA user_version counts the steps done. A
// released step never changes: add a new one. Times are microseconds since 1970 UTC, 0 for none. seq is the order of arrival,
// because the wall clock may jump. No table refers to another by a foreign key: each record is written when it is known, and
// a record that could not be written on a full disk must not keep the others out.
var steps = []string{
	`CREATE TABLE detections (
		seq       INTEGER PRIMARY KEY AUTOINCREMENT,
		id        TEXT NOT NULL UNIQUE,
		at        INTEGER NOT NULL,
		device    TEXT NOT NULL,
		listener  TEXT NOT NULL,
		model     TEXT NOT NULL,
		class     TEXT NOT NULL,
		wake_word TEXT NOT NULL,
		score     REAL NOT NULL,
		threshold REAL NOT NULL
	);
	CREATE INDEX detections_at ON detections (at);
	CREATE TABLE utterances (
		seq          INTEGER PRIMARY KEY AUTOINCREMENT,
		id           TEXT NOT NULL UNIQUE,
		detection_id TEXT NOT NULL,
		listener     TEXT NOT NULL,
		started      INTEGER NOT NULL,
		ended        INTEGER NOT NULL,
		seconds      REAL NOT NULL,
		why          TEXT NOT NULL,
		lost         INTEGER NOT NULL
	);
	CREATE INDEX utterances_started ON utterances (started);
	CREATE TABLE deliveries (
		utterance_id TEXT NOT NULL,
		stt          TEXT NOT NULL,
		outcome      TEXT NOT NULL,
		attempts     INTEGER NOT NULL,
		way          TEXT NOT NULL,
		at           INTEGER NOT NULL,
		error        TEXT NOT NULL,
		PRIMARY KEY (utterance_id, stt)
	) WITHOUT ROWID;
	CREATE TABLE transcripts (
		utterance_id    TEXT NOT NULL,
		stt             TEXT NOT NULL,
		text            TEXT NOT NULL,
		confidence      REAL NOT NULL,
		language        TEXT NOT NULL,
		processing_time INTEGER NOT NULL,
		PRIMARY KEY (utterance_id, stt)
	) WITHOUT ROWID;`,
	`CREATE TABLE incidents (
		seq       INTEGER PRIMARY KEY AUTOINCREMENT,
		id        TEXT NOT NULL UNIQUE,
		component TEXT NOT NULL,
		cause     TEXT NOT NULL,
		detected  INTEGER NOT NULL,
		recovered INTEGER NOT NULL,
		duration  INTEGER NOT NULL, -- microseconds, measured by a clock that does not jump
		actions   TEXT NOT NULL,    -- JSON, a list of text
		evidence  TEXT NOT NULL
	);
	CREATE INDEX incidents_detected ON incidents (detected);
	CREATE TABLE restarts (
		seq       INTEGER PRIMARY KEY AUTOINCREMENT,
		id        TEXT NOT NULL UNIQUE,
		component TEXT NOT NULL,
		reason    TEXT NOT NULL,
		at        INTEGER NOT NULL,
		duration  INTEGER NOT NULL
	);
	CREATE INDEX restarts_at ON restarts (at);`,
	`CREATE TABLE verdicts (
		detection_id TEXT PRIMARY KEY,
		false_wake   INTEGER NOT NULL,
		who          TEXT NOT NULL,
		at           INTEGER NOT NULL
	) WITHOUT ROWID;`,
	`CREATE TABLE marks ( -- which rows were there, up to their seq, when the state directory was so old, in microseconds
		age        INTEGER NOT NULL,
		detections INTEGER NOT NULL,
		utterances INTEGER NOT NULL,
		incidents  INTEGER NOT NULL,
		restarts   INTEGER NOT NULL
	);
	ALTER TABLE restarts ADD COLUMN age INTEGER;`, // the same age; NULL: not known
	`ALTER TABLE transcripts ADD COLUMN original TEXT NOT NULL DEFAULT ''`,
	`ALTER TABLE deliveries ADD COLUMN seconds REAL NOT NULL DEFAULT 0`,
	// seen is the age at which a mark was made; age is that and what was owed then, and so is the age of a restart.
	`ALTER TABLE marks ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
	UPDATE marks SET seen = age`,
	`ALTER TABLE utterances ADD COLUMN server TEXT NOT NULL DEFAULT '';
	ALTER TABLE utterances ADD COLUMN peer TEXT NOT NULL DEFAULT ''`,
	`CREATE TABLE commands (
		seq          INTEGER PRIMARY KEY AUTOINCREMENT,
		id           TEXT NOT NULL,
		topic        TEXT NOT NULL,
		at           INTEGER NOT NULL,
		utterance_id TEXT NOT NULL, -- '' for none
		asker        TEXT NOT NULL,
		tier         TEXT NOT NULL,
		result       TEXT NOT NULL,
		answer       TEXT NOT NULL, -- JSON
		UNIQUE (topic, id)
	);
	CREATE INDEX commands_utterance ON commands (utterance_id);
	CREATE INDEX utterances_detection ON utterances (detection_id);
	ALTER TABLE marks ADD COLUMN commands INTEGER NOT NULL DEFAULT 0`,
	`CREATE TABLE mutes (
		seq      INTEGER PRIMARY KEY AUTOINCREMENT,
		at       INTEGER NOT NULL,
		listener TEXT NOT NULL,    -- '' for all
		muted    INTEGER NOT NULL, -- 0: it listens again
		who      TEXT NOT NULL,    -- '' if its time was over
		until    INTEGER NOT NULL,
		UNIQUE (at, listener, muted)
	);
	ALTER TABLE marks ADD COLUMN mutes INTEGER NOT NULL DEFAULT 0`,
}

// The statements of the store. All are prepared when it is opened, which reveals a database whose schema is not
// ours.
const (
	insertDetection = `INSERT INTO detections (id, at, device, listener, model, class, wake_word, score, threshold)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	// A record of a recording still under way never replaces that of its end, and what was lost stays lost.
	upsertUtterance = `INSERT INTO utterances (id, detection_id, listener, started, ended, seconds, why, lost, server, peer)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET detection_id = excluded.detection_id,
		listener = excluded.listener, started = excluded.started, ended = excluded.ended, seconds = excluded.seconds,
		why = excluded.why, lost = max(lost, excluded.lost) WHERE excluded.ended != 0 OR utterances.ended = 0`
	// A service that has answered has answered.
	upsertDelivery = `INSERT INTO deliveries (utterance_id, stt, outcome, attempts, way, at, error, seconds)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (utterance_id, stt) DO UPDATE SET outcome = excluded.outcome,
		attempts = excluded.attempts, way = excluded.way, at = excluded.at, error = excluded.error, seconds = excluded.seconds
		WHERE deliveries.outcome NOT IN ('delivered', 'empty')`
	insertTranscript = `INSERT INTO transcripts (utterance_id, stt, text, original, confidence, language, processing_time)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (utterance_id, stt) DO NOTHING`

	// A text that was not acted on may come again under its ID. What was acted on stays as it is.
	upsertCommand = `INSERT INTO commands (id, topic, at, utterance_id, asker, tier, result, answer)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (topic, id) DO UPDATE SET at = excluded.at, utterance_id = excluded.utterance_id,
		asker = excluded.asker, tier = excluded.tier, result = excluded.result, answer = excluded.answer WHERE commands.result = 'refused'`

	insertMute = `INSERT INTO mutes (at, listener, muted, who, until) VALUES (?, ?, ?, ?, ?) ON CONFLICT (at, listener, muted) DO NOTHING`

	selectDetections = `SELECT seq, id, at, device, listener, model, class, wake_word, score, threshold
		FROM detections WHERE seq < ? ORDER BY seq DESC LIMIT ?`
	selectMutes      = `SELECT seq, at, listener, muted, who, until FROM mutes WHERE seq < ? ORDER BY seq DESC LIMIT ?`
	selectUtterances = `SELECT seq, id, detection_id, listener, started, ended, seconds, why, lost, server, peer
		FROM utterances WHERE seq < ? ORDER BY seq DESC LIMIT ?`
	selectDeliveries = `SELECT utterance_id, stt, outcome, attempts, way, at, error, seconds
		FROM deliveries WHERE utterance_id = ? ORDER BY stt`
	selectTranscripts = `SELECT utterance_id, stt, text, original, confidence, language, processing_time
		FROM transcripts WHERE utterance_id = ? ORDER BY stt`
	// columnsOfCommands are in the order in which scanCommand reads them.
	columnsOfCommands = `SELECT commands.seq, commands.id, topic, at, utterance_id, asker, tier, result, answer FROM commands `
	selectCommands    = columnsOfCommands + `WHERE seq < ?1 AND (?3 = '' OR topic = ?3) AND (?4 = '' OR result = ?4) AND (?5 = '' OR tier = ?5)
		ORDER BY seq DESC LIMIT ?2`
	selectCommandsOf     = columnsOfCommands + `WHERE utterance_id = ? ORDER BY seq`
	selectCommandsOfWake = columnsOfCommands + `JOIN utterances ON utterances.id = utterance_id WHERE detection_id = ? ORDER BY commands.seq`
	countRows            = `SELECT (SELECT count(*) FROM detections WHERE at >= ?1), (SELECT count(*) FROM utterances WHERE started >= ?1),
		(SELECT count(*) FROM utterances WHERE started >= ?1 AND lost),
		(SELECT count(*) FROM transcripts JOIN utterances ON id = utterance_id WHERE started >= ?1 AND text != '')`
	countOutcomes = `SELECT outcome, count(*) FROM deliveries WHERE at >= ? GROUP BY outcome`

	pruneDetections  = `DELETE FROM detections WHERE seq <= ?1 OR seq <= (SELECT seq FROM detections ORDER BY seq DESC LIMIT 1 OFFSET ?2)`
	pruneUtterances  = `DELETE FROM utterances WHERE seq <= ?1 OR seq <= (SELECT seq FROM utterances ORDER BY seq DESC LIMIT 1 OFFSET ?2)`
	pruneDeliveries  = `DELETE FROM deliveries WHERE utterance_id NOT IN (SELECT id FROM utterances)`
	pruneTranscripts = `DELETE FROM transcripts WHERE utterance_id NOT IN (SELECT id FROM utterances)`

	pruneCommands = `DELETE FROM commands WHERE seq <= ?1 OR seq <= (SELECT seq FROM commands ORDER BY seq DESC LIMIT 1 OFFSET ?2)`

	pruneMutes = `DELETE FROM mutes WHERE seq <= ?1 OR seq <= (SELECT seq FROM mutes ORDER BY seq DESC LIMIT 1 OFFSET ?2)`

	newestMark = `SELECT max(seen), max(age) FROM marks`
	moveMarks  = `UPDATE marks SET seen = min(seen - ?1, ?2), age = min(age - ?1, ?3)`
	dueMark    = `SELECT coalesce(max(detections), 0), coalesce(max(utterances), 0), coalesce(max(incidents), 0), coalesce(max(restarts), 0),
		coalesce(max(commands), 0), coalesce(max(mutes), 0) FROM marks WHERE age <= ?`
	pruneMarks = `DELETE FROM marks WHERE age <= ?`
	insertMark = `INSERT INTO marks (seen, age, detections, utterances, incidents, restarts, commands, mutes) SELECT ?, ?,
		(SELECT coalesce(max(seq), 0) FROM detections), (SELECT coalesce(max(seq), 0) FROM utterances),
		(SELECT coalesce(max(seq), 0) FROM incidents), (SELECT coalesce(max(seq), 0) FROM restarts),
		(SELECT coalesce(max(seq), 0) FROM commands), (SELECT coalesce(max(seq), 0) FROM mutes)`

	// An incident that is over stays over; while it is open its actions only grow.
	upsertIncident = `INSERT INTO incidents (id, component, cause, detected, recovered, duration, actions, evidence)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET recovered = excluded.recovered, duration = excluded.duration,
		actions = excluded.actions, evidence = excluded.evidence WHERE incidents.recovered = 0 AND
		(excluded.recovered != 0 OR json_array_length(excluded.actions) >= json_array_length(incidents.actions))`
	endIncidents = `UPDATE incidents SET recovered = ?1, duration = max(0, ?1 - detected),
		actions = json_insert(actions, '$[#]', ?2) WHERE recovered = 0`
	insertRestart = `INSERT INTO restarts (id, component, reason, at, duration, age) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`

	upsertVerdict = `INSERT INTO verdicts (detection_id, false_wake, who, at) SELECT ?1, ?2, ?3, ?4
		WHERE EXISTS (SELECT 1 FROM detections WHERE id = ?1)
		ON CONFLICT (detection_id) DO UPDATE SET false_wake = excluded.false_wake, who = excluded.who, at = excluded.at`
	selectVerdict = `SELECT false_wake FROM verdicts WHERE detection_id = ?`
	selectJudged  = `SELECT model, score, false_wake FROM verdicts JOIN detections ON id = detection_id WHERE detections.at >= ?`

	selectIncidents = `SELECT seq, id, component, cause, detected, recovered, duration, actions, ''
		FROM incidents WHERE seq < ? ORDER BY seq DESC LIMIT ?`
	selectIncident = `SELECT seq, id, component, cause, detected, recovered, duration, actions, evidence
		FROM incidents WHERE id = ?`
	selectRestarts = `SELECT seq, id, component, reason, at, duration FROM restarts WHERE seq < ? ORDER BY seq DESC LIMIT ?`
	countRestarts  = `SELECT count(*) FROM restarts WHERE component = ?1 AND age > ?2 AND age <= ?3`

	pruneIncidents = `DELETE FROM incidents WHERE seq <= ?1 OR seq <= (SELECT seq FROM incidents ORDER BY seq DESC LIMIT 1 OFFSET ?2)`
	pruneRestarts  = `DELETE FROM restarts WHERE seq <= ?1 OR seq <= (SELECT seq FROM restarts ORDER BY seq DESC LIMIT 1 OFFSET ?2)`
	pruneVerdicts  = `DELETE FROM verdicts WHERE detection_id NOT IN (SELECT id FROM detections)`
	pruneEvidence  = `UPDATE incidents SET evidence = '' WHERE evidence != '' AND
		seq <= (SELECT seq FROM incidents ORDER BY seq DESC LIMIT 1 OFFSET ?)`
)
