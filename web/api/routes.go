package api

import (
	"net/http"

	"orac/web/auth"
)

// Routes are all routes of the API, in the order of the document.
func Routes() []*Route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	return []*Route{
		route(Route{Method: post, Path: "/api/auth/login", Name: "login", Tag: "auth", Doc: "Logs a user in: gives a token and a refresh token, or, with session, a session in a cookie."}, login),
		route(Route{Method: get, Path: "/api/auth/setup", Name: "setupState", Tag: "auth", Doc: "Whether there is no user yet. If so, and the code on the terminal is too old, another is printed there."}, getSetup),
		route(Route{Method: post, Path: "/api/auth/setup", Name: "setup", Tag: "auth", Doc: "Makes the first admin with the code on the terminal, and logs it in, as login does. Forbidden as soon as there is a user."}, setup),
		route(Route{Method: post, Path: "/api/auth/refresh", Name: "refresh", Tag: "auth", Doc: "Gives a new token and refresh token for a refresh token, which is good once. One that comes twice ends all tokens of its login."}, refreshToken),
		route(Route{Method: post, Path: "/api/auth/service-token", Name: "serviceToken", Tag: "auth", Doc: "Gives a service account a token for its secret."}, serviceToken),
		only(route(Route{Method: post, Path: "/api/auth/logout", Role: auth.Viewer, Name: "logout", Tag: "auth", Change: "logout", Doc: "Ends the session, or all tokens of the login that the token comes from."}, logout), mayLogOut),
		only(route(Route{Method: post, Path: "/api/auth/logout-everywhere", Role: auth.Viewer, Name: "logoutEverywhere", Tag: "auth", Change: "logout.everywhere", Doc: "Ends all sessions and tokens of who asks."}, logoutEverywhere), mayLogOut),
		route(Route{Method: get, Path: "/api/auth/me", Role: auth.Viewer, Name: "me", Tag: "auth", Doc: "Who asks."}, me),

		route(Route{Method: get, Path: "/api/health", Name: "health", Tag: "health", Doc: "How well the appliance is, for monitors of the existing service. 503 when it is unhealthy."}, apiHealth),
		route(Route{Method: get, Path: "/health/live", Name: "live", Tag: "health", Doc: "Whether the process lives."}, alive),
		route(Route{Method: get, Path: "/health/ready", Name: "ready", Tag: "health", Doc: "Whether the appliance hears. 503 when it does not."}, ready),
		route(Route{Method: get, Path: "/health/system", Name: "systemHealth", Tag: "health", Doc: "The health of all components; why, for who is logged in. 503 when the appliance is unhealthy."}, systemHealth),
		route(Route{Method: get, Path: "/health/{component}", Name: "componentHealth", Tag: "health", Doc: "The health of one component. 503 when it is unhealthy."}, componentHealth),
		route(Route{Method: get, Path: "/metrics", Role: auth.Viewer, Name: "metrics", Tag: "health", Produces: "text/plain", Doc: "Metrics for Prometheus. With web.metrics = \"open\" without a login."}, serveMetrics),

		route(Route{Method: get, Path: "/api/status", Role: auth.Viewer, Name: "status", Tag: "appliance", Shared: true, Doc: "The appliance at this moment."}, getStatus),
		route(Route{Method: get, Path: "/api/graph", Role: auth.Viewer, Name: "graph", Tag: "appliance", Doc: "The graph that runs: its nodes and what flows between them."}, getGraph),
		route(Route{Method: get, Path: "/api/listeners", Role: auth.Viewer, Name: "listeners", Tag: "appliance", Doc: "The listeners that the runbook declares, each with its device and its models."}, getListeners),
		route(Route{Method: get, Path: "/api/models", Name: "models", Tag: "appliance", Doc: "The models that the runbook declares."}, getModels),
		route(Route{Method: get, Path: "/api/devices", Role: auth.Viewer, Name: "devices", Tag: "appliance", Doc: "The microphones of the machine."}, getDevices),
		route(Route{Method: get, Path: "/api/devices/level", Role: auth.Admin, Name: "level", Tag: "appliance", Costly: true, Long: true, Doc: "How loud it is at a microphone now, whether or not the runbook has it. ORAC listens for half a second and keeps nothing."}, getLevel),
		route(Route{Method: get, Path: "/api/catalogue", Role: auth.Viewer, Name: "catalogue", Tag: "appliance", Shared: true, Doc: "The wake-word models that ORAC can fetch, with their licences, and whether they are on this machine."}, getCatalogue),
		route(Route{Method: get, Path: "/api/docs", Role: auth.Viewer, Name: "docs", Tag: "appliance", Doc: "The pages of the documentation."}, getDocs),
		route(Route{Method: get, Path: "/api/docs/{topic}", Role: auth.Viewer, Name: "doc", Tag: "appliance", Doc: "A page of the documentation, as Markdown."}, getDoc),
		route(Route{Method: get, Path: "/api/events", Role: auth.Viewer, Name: "events", Tag: "appliance", Produces: "text/event-stream", Long: true, Doc: "What happens, as Server-Sent Events: event is the kind, data an object. It ends when the login does."}, events),
		route(Route{Method: get, Path: "/api/ws", Role: auth.Viewer, Name: "socket", Tag: "appliance", Produces: "application/json", Status: 101, Long: true, Doc: "The same by WebSocket, one object a message. {\"type\":\"ping\"} is answered, {\"type\":\"subscribe\",\"kinds\":[…]} changes what comes."}, socket),
		route(Route{Method: get, Path: "/api/logs", Role: auth.Admin, Name: "logs", Tag: "appliance", Doc: "What is still known of the log."}, getLogs),

		route(Route{Method: get, Path: "/api/system/samples", Role: auth.Viewer, Name: "samples", Tag: "appliance", Doc: "Memory, CPU, disk and spool of the last 12 hours, or of a part of them."}, getSamples),

		route(Route{Method: get, Path: "/api/detections", Role: auth.Viewer, Name: "detections", Tag: "history", Doc: "Wake words that were heard, the newest first."}, getDetections),
		route(Route{Method: put, Path: "/api/detections/{id}/verdict", Role: auth.Operator, Name: "judge", Tag: "history", Change: "detection.judge", Doc: "Says whether anybody had said the wake word."}, judge),
		route(Route{Method: get, Path: "/api/thresholds", Role: auth.Viewer, Name: "thresholds", Tag: "history", Doc: "What the verdicts say of each model's threshold, and the one that they suggest."}, getThresholds),
		route(Route{Method: get, Path: "/api/utterances", Role: auth.Viewer, Name: "utterances", Tag: "history", Doc: "Recordings with their deliveries and transcripts, the newest first."}, getUtterances),
		route(Route{Method: get, Path: "/api/utterances/{id}/audio", Role: auth.Operator, Name: "audio", Tag: "history", Change: "utterance.listen", Produces: "audio/wav", Doc: "The sound of a recording, if store.keep_audio keeps it. Who listens is in the audit log."}, getAudio),
		route(Route{Method: get, Path: "/api/spool", Role: auth.Viewer, Name: "spool", Tag: "history", Doc: "Recordings that wait, in the order of delivery, and those that were set aside, with why."}, getSpool),
		route(Route{Method: get, Path: "/api/spool-events", Role: auth.Viewer, Name: "spoolEvents", Tag: "history", Doc: "Events that wait for webhooks, in the order of delivery, and those that were set aside, with why. What they say is not shown."}, getSpoolEvents),
		route(Route{Method: post, Path: "/api/spool/{id}/retry", Role: auth.Operator, Name: "retrySpooled", Tag: "history", Change: "utterance.retry", Doc: "Puts a recording that was set aside at the end of the queue, for the services that refused it."}, retrySpooled),
		route(Route{Method: del, Path: "/api/spool/{id}", Role: auth.Admin, Name: "dropSpooled", Tag: "history", Change: "utterance.drop", Doc: "Deletes a recording that waits or was set aside, for good."}, dropSpooled),
		route(Route{Method: get, Path: "/api/incidents", Role: auth.Viewer, Name: "incidents", Tag: "history", Doc: "What went wrong, and what was done about it, the newest first."}, getIncidents),
		route(Route{Method: get, Path: "/api/incidents/{id}", Role: auth.Viewer, Name: "incident", Tag: "history", Doc: "One incident with its evidence."}, getIncident),

		route(Route{Method: get, Path: "/api/runbook", Role: auth.Admin, Name: "runbook", Tag: "runbook", Doc: "The text of the runbook's file, with the hash that an edit of it begins with."}, getRunbook),
		route(Route{Method: get, Path: "/api/runbook/schema", Role: auth.Viewer, Name: "schema", Tag: "runbook", Doc: "The JSON Schema of the runbook."}, getSchema),
		route(Route{Method: post, Path: "/api/runbook/validate", Role: auth.Admin, Name: "validate", Tag: "runbook", Doc: "Says what is wrong with a text, each problem with its place."}, validateRunbook),
		route(Route{Method: post, Path: "/api/runbook/plan", Role: auth.Admin, Name: "plan", Tag: "runbook", Long: true, Doc: "Says what applying a text would do, and changes nothing."}, planRunbook),
		route(Route{Method: post, Path: "/api/runbook/apply", Role: auth.Admin, Name: "apply", Tag: "runbook", Change: "runbook.apply", Long: true, Doc: "Does exactly the plan that was shown, or nothing, and writes the text into the runbook's file if it is good."}, applyRunbook),
		route(Route{Method: get, Path: "/api/runbook/blocks", Role: auth.Admin, Name: "blocks", Tag: "runbook", Costly: true, Doc: "What the runbook's file declares, block by block, and what it may declare."}, getBlocks),
		route(Route{Method: get, Path: "/api/runbook/blocks/{address}", Role: auth.Admin, Name: "block", Tag: "runbook", Costly: true, Doc: "A block with all that can be set in it and what is written, as a form, and who refers to it."}, getBlock),
		route(Route{Method: get, Path: "/api/runbook/types/{type}", Role: auth.Admin, Name: "blockType", Tag: "runbook", Costly: true, Doc: "A block of a type that is not there yet, as a form."}, getType),
		route(Route{Method: post, Path: "/api/runbook/edit", Role: auth.Admin, Name: "edit", Tag: "runbook", Costly: true, Doc: "Makes a text of another by setting attributes, adding and removing blocks, every other byte as it was. It changes nothing: apply does."}, editRunbook),
		route(Route{Method: post, Path: "/api/runbook/merge", Role: auth.Admin, Name: "merge", Tag: "runbook", Costly: true, Doc: "Puts two edits of one text together, by lines, and says what came from whom and where both have changed the same. It changes nothing: apply does."}, mergeRunbook),
		route(Route{Method: get, Path: "/api/runbook/generations", Role: auth.Viewer, Name: "generations", Tag: "runbook", Doc: "The runbooks that were applied and are kept, the oldest first."}, getGenerations),
		route(Route{Method: get, Path: "/api/runbook/generations/{number}", Role: auth.Admin, Name: "generation", Tag: "runbook", Costly: true, Doc: "The text of a kept generation, and how it differs from what runs."}, getGeneration),
		route(Route{Method: get, Path: "/api/runbook/generations/{number}/plan", Role: auth.Admin, Name: "planRollback", Tag: "runbook", Long: true, Doc: "Says what returning to a kept generation would do, and changes nothing."}, planRollback),
		route(Route{Method: post, Path: "/api/runbook/rollback", Role: auth.Admin, Name: "rollback", Tag: "runbook", Change: "runbook.rollback", Long: true, Doc: "Returns to a kept generation. The runbook's file stays as it is, and the next start reads it, unless write is set."}, rollback),
		route(Route{Method: get, Path: "/api/config/global", Role: auth.Viewer, Name: "getGlobal", Tag: "config", Doc: "The settings of all listeners, under the names of the existing service."}, getGlobal),
		route(Route{Method: put, Path: "/api/config/global", Role: auth.Admin, Name: "putGlobal", Tag: "config", Change: "config.global", Long: true, Doc: "Changes settings of all listeners in the runbook's file, and applies it."}, putGlobal),
		route(Route{Method: put, Path: "/api/config/models/{name}", Role: auth.Admin, Name: "putModel", Tag: "config", Change: "config.model", Long: true, Doc: "Changes a model in the runbook's file, and applies it."}, putModel),

		route(Route{Method: get, Path: "/api/scenarios", Role: auth.Operator, Name: "scenarios", Tag: "simulations", Doc: "What can be run in the simulator."}, getScenarios),
		route(Route{Method: get, Path: "/api/simulations", Role: auth.Operator, Name: "simulations", Tag: "simulations", Doc: "The last simulations, the newest first, without what they have said."}, getSimulations),
		route(Route{Method: post, Path: "/api/simulations", Role: auth.Admin, Name: "startSimulation", Tag: "simulations", Change: "chaos.run", Status: 201, Doc: "Begins a simulation beside the appliance: one at a time, on one core, for ten minutes at most. Its state says when it has ended."}, startSimulation),
		route(Route{Method: get, Path: "/api/simulations/{number}", Role: auth.Operator, Name: "simulation", Tag: "simulations", Doc: "One simulation: how far it is, or how it ended, and, for admins, the last that it has said."}, getSimulation),
		route(Route{Method: post, Path: "/api/simulations/{number}/stop", Role: auth.Admin, Name: "stopSimulation", Tag: "simulations", Change: "chaos.stop", Doc: "Ends a simulation early: it reports what has ended until then. One that has ended stays as it is."}, stopSimulation),
		route(Route{Method: get, Path: "/api/simulations/{number}/report", Role: auth.Operator, Name: "simulationReport", Tag: "simulations", Produces: "text/html", Long: true, Doc: "The report of a simulation as a page, which needs nothing from elsewhere and holds no script."}, getReportPage),
		route(Route{Method: get, Path: "/api/simulations/{number}/report.json", Role: auth.Operator, Name: "simulationReportJSON", Tag: "simulations", Produces: "application/json", Long: true, Doc: "The report as orac sim --json writes it."}, getReportJSON),

		route(Route{Method: get, Path: "/api/users", Role: auth.Admin, Name: "users", Tag: "people", Doc: "Users and service accounts."}, getUsers),
		route(Route{Method: post, Path: "/api/users", Role: auth.Admin, Name: "addUser", Tag: "people", Change: "user.add", Long: true, Doc: "Adds a user: the hash of the password as a secret, and a block in the runbook's file, which is applied."}, addUser),
		route(Route{Method: put, Path: "/api/users/{name}", Role: auth.Admin, Name: "changeRole", Tag: "people", Change: "user.role", Long: true, Doc: "Gives a user another role in the runbook's file, which is applied. It logs the user out; the last admin stays one."}, changeRole),
		route(Route{Method: del, Path: "/api/users/{name}", Role: auth.Admin, Name: "removeUser", Tag: "people", Change: "user.remove", Long: true, Doc: "Removes a user from the runbook's file, which is applied, and ends all sessions and tokens; the last admin stays. API keys belong to nobody, and stay."}, removeUser),
		route(Route{Method: post, Path: "/api/users/{name}/declare", Role: auth.Admin, Name: "declareUser", Tag: "people", Change: "user.declare", Long: true, Doc: "Writes a user whom the set-up has made into the runbook's file, which is applied. The password stays, and so do sessions."}, declareUser),
		only(route(Route{Method: put, Path: "/api/users/{name}/password", Role: auth.Viewer, Name: "changePassword", Tag: "people", Change: "user.password", Long: true, Doc: "Changes a password: the own one with the present one, and admins all. What was given to the user before ends."}, changePassword), mayChangePassword),
		route(Route{Method: post, Path: "/api/users/{name}/logout", Role: auth.Admin, Name: "logoutUser", Tag: "people", Change: "user.logout", Doc: "Ends all sessions and tokens of a user."}, logoutUser),
		route(Route{Method: get, Path: "/api/keys", Role: auth.Admin, Name: "keys", Tag: "people", Doc: "API keys, the newest first."}, getKeys),
		route(Route{Method: post, Path: "/api/keys", Role: auth.Admin, Name: "createKey", Tag: "people", Change: "key.create", Status: 201, Doc: "Makes an API key, which is shown this once."}, createKey),
		route(Route{Method: post, Path: "/api/keys/{id}/rotate", Role: auth.Admin, Name: "rotateKey", Tag: "people", Change: "key.rotate", Status: 201, Doc: "Makes a key in place of another, which stays good for a while."}, rotateKey),
		route(Route{Method: del, Path: "/api/keys/{id}", Role: auth.Admin, Name: "revokeKey", Tag: "people", Change: "key.revoke", Doc: "Ends a key."}, revokeKey),
		route(Route{Method: get, Path: "/api/audit", Role: auth.Admin, Name: "audit", Tag: "people", Doc: "Who did what, the newest first."}, getAudit),
		route(Route{Method: get, Path: "/api/audit/verify", Role: auth.Admin, Name: "verifyAudit", Tag: "people", Doc: "Proves that no record was altered, put in or taken out."}, verifyAudit),
		route(Route{Method: get, Path: "/api/audit/export", Role: auth.Admin, Name: "exportAudit", Tag: "people", Change: "audit.export", Produces: "application/x-ndjson", Long: true, Doc: "All records as lines of JSON, the oldest first."}, exportAudit),

		route(Route{Method: get, Path: "/api/openapi.json", Name: "openapi", Tag: "appliance", Doc: "This document."}, getDocument),
	}
}
