package api

import (
	"cmp"
	"slices"

	"orac/web/auth"
	"orac/web/enrol"
)

// The routes of the API, in the order of the document: a line each. Everything that is known of a route is made from its line, and
// whoever calls it from Go does so by its name here.
var (
	OpLogin            = route(Route{Method: "POST", Path: "/api/auth/login", Name: "login", Tag: "auth", Doc: "Logs a user in. Returns a token and a refresh token, or, with session, sets a session cookie."}, login)
	OpSetupState       = route(Route{Method: "GET", Path: "/api/auth/setup", Name: "setupState", Tag: "auth", Doc: "Whether the first user is still missing. If so, and the code on the terminal is too old, ORAC prints another there."}, getSetup)
	OpSetup            = route(Route{Method: "POST", Path: "/api/auth/setup", Name: "setup", Tag: "auth", Doc: "Creates the first admin with the code on the terminal, and logs it in, as login does. Forbidden once a user exists."}, setup)
	OpRefresh          = route(Route{Method: "POST", Path: "/api/auth/refresh", Name: "refresh", Tag: "auth", Doc: "Exchanges a refresh token, which is good once, for a new token and refresh token. Using one twice ends all tokens of its login."}, refreshToken)
	OpServiceToken     = route(Route{Method: "POST", Path: "/api/auth/service-token", Name: "serviceToken", Tag: "auth", Doc: "Exchanges a service account's secret for a token."}, serviceToken)
	OpLogout           = only(route(Route{Method: "POST", Path: "/api/auth/logout", Role: auth.Viewer, Name: "logout", Tag: "auth", Change: "logout", Doc: "Ends the session, or all tokens of the login that issued the token."}, logout), mayLogOut)
	OpLogoutEverywhere = only(route(Route{Method: "POST", Path: "/api/auth/logout-everywhere", Role: auth.Viewer, Name: "logoutEverywhere", Tag: "auth", Change: "logout.everywhere", Doc: "Ends all sessions and tokens of the caller."}, logoutEverywhere), mayLogOut)
	OpMe               = route(Route{Method: "GET", Path: "/api/auth/me", Role: auth.Viewer, Name: "me", Tag: "auth", Doc: "The caller's name, role and permissions."}, me)

	OpAuthorization = route(Route{Method: "GET", Path: "/api/auth/authorize", Name: "authorization", Tag: "auth", Doc: "What a member of this issuer asks for when somebody wants to log in there, and what that person must do. The console's page /oauth/authorize is made from it."}, getAuthorization)
	OpAuthorize     = route(Route{Method: "POST", Path: "/api/auth/authorize", Role: auth.Viewer, Name: "authorize", Tag: "auth", Change: "login.authorize", Doc: "Agrees to a login at a member, in the name of the session's user. Returns the address that brings the member a code."}, authorize)

	OpLoginWays   = route(Route{Method: "GET", Path: "/api/auth/ways", Name: "loginWays", Tag: "auth", Doc: "How people may log in beside their passwords: the issuer whose people are let in, and whether it answers, and passkeys."}, loginWays)
	OpBeginLogin  = route(Route{Method: "POST", Path: "/api/auth/issuer/login", Name: "beginLogin", Tag: "auth", Doc: "Begins a login with the issuer, in this browser: returns the address to go to, and sets a cookie for ten minutes."}, beginLogin)
	OpFinishLogin = route(Route{Method: "POST", Path: "/api/auth/issuer/finish", Name: "finishLogin", Tag: "auth", Doc: "Ends a login with the issuer, in the browser that began it: sets a session cookie. The session lasts as long as the issuer's tokens, which are renewed beside it."}, finishLogin)

	OpPasskeys         = only(route(Route{Method: "GET", Path: "/api/auth/passkeys", Role: auth.Viewer, Name: "passkeys", Tag: "auth", Doc: "The caller's passkeys."}, getPasskeys), mayPasskeys)
	OpPasskeyOptions   = only(route(Route{Method: "POST", Path: "/api/auth/passkeys/options", Role: auth.Viewer, Name: "passkeyOptions", Tag: "auth", Doc: "Begins a new passkey of the caller, in this browser, with the password once again. Good for five minutes."}, passkeyOptions), mayAskForPasskey)
	OpAddPasskey       = only(route(Route{Method: "POST", Path: "/api/auth/passkeys", Role: auth.Viewer, Name: "addPasskey", Tag: "auth", Change: "passkey.add", Doc: "Adds the passkey that a device has made. At most ten a user."}, addPasskey), mayPasskeys)
	OpRemovePasskey    = only(route(Route{Method: "DELETE", Path: "/api/auth/passkeys/{id}", Role: auth.Viewer, Name: "removePasskey", Tag: "auth", Change: "passkey.remove", Doc: "Removes a passkey of the caller, and ends the caller's other sessions and tokens: the device may be lost."}, removePasskey), mayPasskeys)
	OpPasskeyChallenge = route(Route{Method: "POST", Path: "/api/auth/passkey/options", Name: "passkeyChallenge", Tag: "auth", Doc: "Begins a login with a passkey, in this browser. Good for five minutes, and once."}, passkeyChallenge)
	OpPasskeyLogin     = route(Route{Method: "POST", Path: "/api/auth/passkey", Name: "passkeyLogin", Tag: "auth", Doc: "Logs a user in with a passkey: sets a session cookie, as login does with session."}, passkeyLogin)

	OpHealth          = route(Route{Method: "GET", Path: "/api/health", Name: "health", Tag: "health", Doc: "The health of the appliance, for monitors of the existing service. 503 when it is unhealthy."}, apiHealth)
	OpLive            = route(Route{Method: "GET", Path: "/health/live", Name: "live", Tag: "health", Doc: "Whether the process is alive."}, alive)
	OpReady           = route(Route{Method: "GET", Path: "/health/ready", Name: "ready", Tag: "health", Doc: "Whether the appliance hears. 503 when it does not."}, ready)
	OpSystemHealth    = route(Route{Method: "GET", Path: "/health/system", Name: "systemHealth", Tag: "health", Doc: "The health of all components, with reasons for logged-in callers. 503 when the appliance is unhealthy."}, systemHealth)
	OpComponentHealth = route(Route{Method: "GET", Path: "/health/{component}", Name: "componentHealth", Tag: "health", Doc: "The health of one component. 503 when it is unhealthy."}, componentHealth)
	OpMetrics         = route(Route{Method: "GET", Path: "/metrics", Role: auth.Viewer, Name: "metrics", Tag: "health", Produces: "text/plain", Doc: "Metrics for Prometheus. With web.metrics = \"open\" no login is needed."}, serveMetrics)

	OpStatus    = route(Route{Method: "GET", Path: "/api/status", Role: auth.Viewer, Name: "status", Tag: "appliance", Shared: true, Doc: "The state of the appliance now."}, getStatus)
	OpGraph     = route(Route{Method: "GET", Path: "/api/graph", Role: auth.Viewer, Name: "graph", Tag: "appliance", Doc: "The running graph: its nodes and what flows between them."}, getGraph)
	OpListeners = route(Route{Method: "GET", Path: "/api/listeners", Role: auth.Viewer, Name: "listeners", Tag: "appliance", Doc: "The listeners that the runbook declares, each with its device and its models."}, getListeners)
	OpModels    = route(Route{Method: "GET", Path: "/api/models", Name: "models", Tag: "appliance", Doc: "The models that the runbook declares."}, getModels)
	OpDevices   = route(Route{Method: "GET", Path: "/api/devices", Role: auth.Viewer, Name: "devices", Tag: "appliance", Doc: "The microphones of the machine."}, getDevices)
	OpLevel     = route(Route{Method: "GET", Path: "/api/devices/level", Role: auth.Admin, Name: "level", Tag: "appliance", Costly: true, Long: true, Doc: "How loud it is at a microphone now, in the runbook or not. ORAC listens for half a second and keeps nothing."}, getLevel)
	OpCatalogue = route(Route{Method: "GET", Path: "/api/catalogue", Role: auth.Viewer, Name: "catalogue", Tag: "appliance", Shared: true, Doc: "The wake-word models that ORAC can fetch, with their licences, and whether they are on this machine."}, getCatalogue)
	OpDocs      = route(Route{Method: "GET", Path: "/api/docs", Role: auth.Viewer, Name: "docs", Tag: "appliance", Doc: "The pages of the documentation."}, getDocs)
	OpDoc       = route(Route{Method: "GET", Path: "/api/docs/{topic}", Role: auth.Viewer, Name: "doc", Tag: "appliance", Doc: "A page of the documentation, as Markdown."}, getDoc)
	OpEvents    = route(Route{Method: "GET", Path: "/api/events", Role: auth.Viewer, Name: "events", Tag: "appliance", Produces: "text/event-stream", Long: true, Doc: "Live events as Server-Sent Events: event is the kind, data an object. The stream ends with the login."}, events)
	OpSocket    = route(Route{Method: "GET", Path: "/api/ws", Role: auth.Viewer, Name: "socket", Tag: "appliance", Produces: "application/json", Status: 101, Long: true, Doc: "The same events over WebSocket, one object per message. {\"type\":\"ping\"} is answered, {\"type\":\"subscribe\",\"kinds\":[…]} changes the kinds."}, socket)
	OpMute      = route(Route{Method: "POST", Path: "/api/mute", Role: auth.Operator, Name: "mute", Tag: "appliance", Change: "mute", Doc: "Has a listener, or all of them, stop listening, for a time or until somebody unmutes it. It outlasts a restart. Returns what is muted now."}, mute)
	OpUnmute    = route(Route{Method: "DELETE", Path: "/api/mute", Role: auth.Operator, Name: "unmute", Tag: "appliance", Change: "unmute", Doc: "Has a listener, or all of them, listen again. Returns what is muted now."}, unmute)
	OpRestart   = route(Route{Method: "POST", Path: "/api/restart", Role: auth.Admin, Name: "restart", Tag: "appliance", Change: "restart", Long: true, Doc: "Restarts the appliance in order, as the same process, and answers before that. If its program would not start, nothing happens."}, restart)
	OpLogs      = route(Route{Method: "GET", Path: "/api/logs", Role: auth.Admin, Name: "logs", Tag: "appliance", Doc: "The log lines that are still kept."}, getLogs)

	OpSamples = route(Route{Method: "GET", Path: "/api/system/samples", Role: auth.Viewer, Name: "samples", Tag: "appliance", Doc: "Memory, CPU, disk and spool of the last 12 hours, or of a part of them."}, getSamples)

	OpDetections    = route(Route{Method: "GET", Path: "/api/detections", Role: auth.Viewer, Name: "detections", Tag: "history", Doc: "Detected wake words, newest first."}, getDetections)
	OpJudge         = route(Route{Method: "PUT", Path: "/api/detections/{id}/verdict", Role: auth.Operator, Name: "judge", Tag: "history", Change: "detection.judge", Doc: "Records whether anybody really said the wake word."}, judge)
	OpThresholds    = route(Route{Method: "GET", Path: "/api/thresholds", Role: auth.Viewer, Name: "thresholds", Tag: "history", Doc: "What the verdicts say about each model's threshold, and the threshold that they suggest."}, getThresholds)
	OpUtterances    = route(Route{Method: "GET", Path: "/api/utterances", Role: auth.Viewer, Name: "utterances", Tag: "history", Doc: "Recordings with their deliveries and transcripts, newest first."}, getUtterances)
	OpAudio         = route(Route{Method: "GET", Path: "/api/utterances/{id}/audio", Role: auth.Operator, Name: "audio", Tag: "history", Change: "utterance.listen", Produces: "audio/wav", Doc: "The sound of a recording, if store.keep_audio keeps it. The audit log records who listens."}, getAudio)
	OpSpeechServers = route(Route{Method: "GET", Path: "/api/stt-servers", Role: auth.Viewer, Name: "speechServers", Tag: "appliance", Doc: "The speech-to-text servers for other appliances: engine, queue, who sends, and the last transcripts."}, getSTTServers)
	OpVoiceServices = route(Route{Method: "GET", Path: "/api/voice-services", Role: auth.Viewer, Name: "voiceServices", Tag: "appliance", Doc: "The Wyoming services for Home Assistant: who is connected, and what they answered last."}, getVoiceServices)
	OpSpeechSound   = route(Route{Method: "GET", Path: "/api/stt-servers/{name}/transcripts/{id}/audio", Role: auth.Operator, Name: "speechSound", Tag: "appliance", Change: "stt.listen", Produces: "audio/wav", Doc: "The sound of a transcript, while it is kept. The audit log records who listens."}, getSTTSound)

	OpAsk            = route(Route{Method: "POST", Path: "/api/ask", Role: auth.Operator, Name: "ask", Tag: "acting", Change: "command.ask", Long: true, Doc: "Acts on a text, and returns what came of it. A device that failed is no error of the request."}, askText)
	OpTry            = route(Route{Method: "POST", Path: "/api/ask/try", Role: auth.Operator, Name: "try", Tag: "acting", Costly: true, Long: true, Doc: "Says how a text would be understood and which calls it would make. Nothing is done."}, tryText)
	OpCommands       = route(Route{Method: "GET", Path: "/api/commands", Role: auth.Viewer, Name: "commands", Tag: "acting", Doc: "The last texts and what came of them, newest first."}, getCommands)
	OpTopics         = route(Route{Method: "GET", Path: "/api/topics", Role: auth.Viewer, Name: "topics", Tag: "acting", Doc: "The topics: what each understands, who carries it out, and who listens for it."}, getTopics)
	OpBackends       = route(Route{Method: "GET", Path: "/api/backends", Role: auth.Viewer, Name: "backends", Tag: "acting", Doc: "The backends and language models: whether they answer, and what they have done."}, getBackends)
	OpBackendThings  = route(Route{Method: "GET", Path: "/api/backends/{name}/entities", Role: auth.Viewer, Name: "backendThings", Tag: "acting", Doc: "What a backend has: names, rooms, states, and what sentences may name."}, getThings)
	OpRefreshBackend = route(Route{Method: "POST", Path: "/api/backends/{name}/refresh", Role: auth.Operator, Name: "refreshBackend", Tag: "acting", Change: "backend.refresh", Doc: "Has the names and rooms of a backend fetched anew."}, refreshBackend)
	OpLearnt         = route(Route{Method: "GET", Path: "/api/learnt", Role: auth.Viewer, Name: "learnt", Tag: "acting", Doc: "Answers of a language model that proved right, and are used again."}, getLearnt)
	OpForget         = route(Route{Method: "POST", Path: "/api/learnt/forget", Role: auth.Operator, Name: "forget", Tag: "acting", Change: "learnt.forget", Doc: "Forgets the learnt answer to a text."}, forget)
	OpForgetAll      = route(Route{Method: "DELETE", Path: "/api/learnt", Role: auth.Admin, Name: "forgetAll", Tag: "acting", Change: "learnt.clear", Doc: "Forgets all learnt answers."}, forgetAll)

	OpSpool        = route(Route{Method: "GET", Path: "/api/spool", Role: auth.Viewer, Name: "spool", Tag: "history", Doc: "Waiting recordings in the order of delivery, and those that were set aside, with the reason."}, getSpool)
	OpSpoolEvents  = route(Route{Method: "GET", Path: "/api/spool-events", Role: auth.Viewer, Name: "spoolEvents", Tag: "history", Doc: "Events waiting for webhooks in the order of delivery, and those that were set aside, with the reason. Their contents are not shown."}, getSpoolEvents)
	OpRetrySpooled = route(Route{Method: "POST", Path: "/api/spool/{id}/retry", Role: auth.Operator, Name: "retrySpooled", Tag: "history", Change: "utterance.retry", Doc: "Puts a recording that was set aside back at the end of the queue, for the services that refused it."}, retrySpooled)
	OpDropSpooled  = route(Route{Method: "DELETE", Path: "/api/spool/{id}", Role: auth.Admin, Name: "dropSpooled", Tag: "history", Change: "utterance.drop", Doc: "Deletes for good a recording that waits or was set aside."}, dropSpooled)
	OpIncidents    = route(Route{Method: "GET", Path: "/api/incidents", Role: auth.Viewer, Name: "incidents", Tag: "history", Doc: "What went wrong and what ORAC did about it, newest first."}, getIncidents)
	OpIncident     = route(Route{Method: "GET", Path: "/api/incidents/{id}", Role: auth.Viewer, Name: "incident", Tag: "history", Doc: "One incident with its evidence."}, getIncident)

	OpRunbook      = route(Route{Method: "GET", Path: "/api/runbook", Role: auth.Admin, Name: "runbook", Tag: "runbook", Doc: "The text of the runbook's file, with its hash, which an edit sends as base."}, getRunbook)
	OpSchema       = route(Route{Method: "GET", Path: "/api/runbook/schema", Role: auth.Viewer, Name: "schema", Tag: "runbook", Doc: "The JSON Schema of the runbook."}, getSchema)
	OpValidate     = route(Route{Method: "POST", Path: "/api/runbook/validate", Role: auth.Admin, Name: "validate", Tag: "runbook", Doc: "Returns the problems of a text, each with its place."}, validateRunbook)
	OpPlan         = route(Route{Method: "POST", Path: "/api/runbook/plan", Role: auth.Admin, Name: "plan", Tag: "runbook", Long: true, Doc: "Returns what applying a text would do. Nothing is changed."}, planRunbook)
	OpApply        = route(Route{Method: "POST", Path: "/api/runbook/apply", Role: auth.Admin, Name: "apply", Tag: "runbook", Change: "runbook.apply", Long: true, Doc: "Carries out exactly the plan that was shown, or nothing. Writes the text into the runbook's file if the appliance stays healthy."}, applyRunbook)
	OpBlocks       = route(Route{Method: "GET", Path: "/api/runbook/blocks", Role: auth.Admin, Name: "blocks", Tag: "runbook", Costly: true, Doc: "What the runbook's file declares, block by block, and what it may declare."}, getBlocks)
	OpBlock        = route(Route{Method: "GET", Path: "/api/runbook/blocks/{address}", Role: auth.Admin, Name: "block", Tag: "runbook", Costly: true, Doc: "A block as a form: all that can be set in it, what is written, and which blocks refer to it."}, getBlock)
	OpBlockType    = route(Route{Method: "GET", Path: "/api/runbook/types/{type}", Role: auth.Admin, Name: "blockType", Tag: "runbook", Costly: true, Doc: "A new block of a type, as a form."}, getType)
	OpEdit         = route(Route{Method: "POST", Path: "/api/runbook/edit", Role: auth.Admin, Name: "edit", Tag: "runbook", Costly: true, Doc: "Edits a text: sets attributes, adds and removes blocks, and keeps every other byte. Returns the new text; nothing is applied."}, editRunbook)
	OpMerge        = route(Route{Method: "POST", Path: "/api/runbook/merge", Role: auth.Admin, Name: "merge", Tag: "runbook", Costly: true, Doc: "Merges two edits of one text line by line. Returns who changed what, and where both changed the same lines; nothing is applied."}, mergeRunbook)
	OpGenerations  = route(Route{Method: "GET", Path: "/api/runbook/generations", Role: auth.Viewer, Name: "generations", Tag: "runbook", Doc: "The applied runbooks that are kept, oldest first."}, getGenerations)
	OpGeneration   = route(Route{Method: "GET", Path: "/api/runbook/generations/{number}", Role: auth.Admin, Name: "generation", Tag: "runbook", Costly: true, Doc: "The text of a kept generation, and how it differs from what runs."}, getGeneration)
	OpPlanRollback = route(Route{Method: "GET", Path: "/api/runbook/generations/{number}/plan", Role: auth.Admin, Name: "planRollback", Tag: "runbook", Long: true, Doc: "Returns what a rollback to a kept generation would do. Nothing is changed."}, planRollback)
	OpRollback     = route(Route{Method: "POST", Path: "/api/runbook/rollback", Role: auth.Admin, Name: "rollback", Tag: "runbook", Change: "runbook.rollback", Long: true, Doc: "Returns to a kept generation. The runbook's file stays, and the next start uses it, unless write is set."}, rollback)
	OpGetGlobal    = route(Route{Method: "GET", Path: "/api/config/global", Role: auth.Viewer, Name: "getGlobal", Tag: "config", Doc: "The settings of all listeners, under the names of the existing service."}, getGlobal)
	OpPutGlobal    = route(Route{Method: "PUT", Path: "/api/config/global", Role: auth.Admin, Name: "putGlobal", Tag: "config", Change: "config.global", Long: true, Doc: "Changes settings of all listeners in the runbook's file, and applies it."}, putGlobal)
	OpPutModel     = route(Route{Method: "PUT", Path: "/api/config/models/{name}", Role: auth.Admin, Name: "putModel", Tag: "config", Change: "config.model", Long: true, Doc: "Changes a model in the runbook's file, and applies it."}, putModel)

	OpScenarios            = route(Route{Method: "GET", Path: "/api/scenarios", Role: auth.Operator, Name: "scenarios", Tag: "simulations", Doc: "The scenarios that the simulator can run."}, getScenarios)
	OpSimulations          = route(Route{Method: "GET", Path: "/api/simulations", Role: auth.Operator, Name: "simulations", Tag: "simulations", Doc: "The last simulations, newest first, without their output."}, getSimulations)
	OpStartSimulation      = route(Route{Method: "POST", Path: "/api/simulations", Role: auth.Admin, Name: "startSimulation", Tag: "simulations", Change: "chaos.run", Status: 201, Doc: "Starts a simulation beside the appliance: one at a time, on one core, for ten minutes at most. Its state says when it has ended."}, startSimulation)
	OpSimulation           = route(Route{Method: "GET", Path: "/api/simulations/{number}", Role: auth.Operator, Name: "simulation", Tag: "simulations", Doc: "One simulation: its progress or its result, and, for admins, the end of its output."}, getSimulation)
	OpStopSimulation       = route(Route{Method: "POST", Path: "/api/simulations/{number}/stop", Role: auth.Admin, Name: "stopSimulation", Tag: "simulations", Change: "chaos.stop", Doc: "Stops a simulation early: its report covers the runs that have ended. One that has ended stays as it is."}, stopSimulation)
	OpSimulationReport     = route(Route{Method: "GET", Path: "/api/simulations/{number}/report", Role: auth.Operator, Name: "simulationReport", Tag: "simulations", Produces: "text/html", Long: true, Doc: "The report of a simulation as a self-contained page without scripts."}, getReportPage)
	OpSimulationReportJSON = route(Route{Method: "GET", Path: "/api/simulations/{number}/report.json", Role: auth.Operator, Name: "simulationReportJSON", Tag: "simulations", Produces: "application/json", Long: true, Doc: "The report as orac sim --json writes it."}, getReportJSON)

	OpUsers          = route(Route{Method: "GET", Path: "/api/users", Role: auth.Admin, Name: "users", Tag: "people", Doc: "Users and service accounts."}, getUsers)
	OpAddUser        = route(Route{Method: "POST", Path: "/api/users", Role: auth.Admin, Name: "addUser", Tag: "people", Change: "user.add", Long: true, Doc: "Adds a user: stores the password's hash as a secret, adds a block to the runbook's file and applies it."}, addUser)
	OpChangeRole     = route(Route{Method: "PUT", Path: "/api/users/{name}", Role: auth.Admin, Name: "changeRole", Tag: "people", Change: "user.role", Long: true, Doc: "Changes a user's role in the runbook's file and applies it. The user is logged out; the last admin keeps the role."}, changeRole)
	OpRemoveUser     = route(Route{Method: "DELETE", Path: "/api/users/{name}", Role: auth.Admin, Name: "removeUser", Tag: "people", Change: "user.remove", Long: true, Doc: "Removes a user from the runbook's file, applies it, and ends the user's sessions and tokens. The last admin cannot be removed. API keys belong to nobody and stay."}, removeUser)
	OpDeclareUser    = route(Route{Method: "POST", Path: "/api/users/{name}/declare", Role: auth.Admin, Name: "declareUser", Tag: "people", Change: "user.declare", Long: true, Doc: "Writes a user whom the set-up created into the runbook's file and applies it. Password and sessions stay."}, declareUser)
	OpChangePassword = only(route(Route{Method: "PUT", Path: "/api/users/{name}/password", Role: auth.Viewer, Name: "changePassword", Tag: "people", Change: "user.password", Long: true, Doc: "Changes a password. People change their own by giving the present one; admins change anybody's. The user's sessions and tokens end."}, changePassword), mayChangePassword)
	OpLogoutUser     = route(Route{Method: "POST", Path: "/api/users/{name}/logout", Role: auth.Admin, Name: "logoutUser", Tag: "people", Change: "user.logout", Doc: "Ends all sessions and tokens of a user."}, logoutUser)
	OpKeys           = route(Route{Method: "GET", Path: "/api/keys", Role: auth.Admin, Name: "keys", Tag: "people", Doc: "API keys, newest first."}, getKeys)
	OpCreateKey      = route(Route{Method: "POST", Path: "/api/keys", Role: auth.Admin, Name: "createKey", Tag: "people", Change: "key.create", Status: 201, Doc: "Creates an API key, which is shown only this once."}, createKey)
	OpRotateKey      = route(Route{Method: "POST", Path: "/api/keys/{id}/rotate", Role: auth.Admin, Name: "rotateKey", Tag: "people", Change: "key.rotate", Status: 201, Doc: "Replaces a key by a new one. The old key stays good for a while."}, rotateKey)
	OpRevokeKey      = route(Route{Method: "DELETE", Path: "/api/keys/{id}", Role: auth.Admin, Name: "revokeKey", Tag: "people", Change: "key.revoke", Doc: "Revokes a key."}, revokeKey)
	OpAudit          = route(Route{Method: "GET", Path: "/api/audit", Role: auth.Admin, Name: "audit", Tag: "people", Doc: "Who did what, newest first."}, getAudit)
	OpVerifyAudit    = route(Route{Method: "GET", Path: "/api/audit/verify", Role: auth.Admin, Name: "verifyAudit", Tag: "people", Doc: "Checks that no record was altered, added or removed."}, verifyAudit)
	OpAuditChain     = route(Route{Method: "GET", Path: "/api/audit/chain", Role: auth.Admin, Name: "auditChain", Tag: "people", Doc: "The records after a number as they are in the file, with the end of the log: for whoever keeps a copy. Asking leaves no record, so that a copy can be complete."}, auditChain)
	OpExportAudit    = route(Route{Method: "GET", Path: "/api/audit/export", Role: auth.Admin, Name: "exportAudit", Tag: "people", Change: "audit.export", Produces: "application/x-ndjson", Long: true, Doc: "All records as lines of JSON, oldest first."}, exportAudit)

	OpMemberCodes      = route(Route{Method: "GET", Path: "/api/members/codes", Role: auth.Admin, Name: "memberCodes", Tag: "house", Doc: "The open codes with which appliances may join the house, without the codes themselves."}, getMemberCodes)
	OpCreateMemberCode = route(Route{Method: "POST", Path: "/api/members/codes", Role: auth.Admin, Name: "createMemberCode", Tag: "house", Change: "member.code", Status: 201, Doc: "Makes a code with which an appliance joins the house. It is shown only this once, is good once and for 15 minutes, and ends with a restart."}, createMemberCode)
	OpCancelMemberCode = route(Route{Method: "DELETE", Path: "/api/members/codes/{name}", Role: auth.Admin, Name: "cancelMemberCode", Tag: "house", Change: "member.code.cancel", Doc: "Ends the open code of a member."}, cancelMemberCode)
	OpEnrolHello       = only(route(Route{Method: "POST", Path: enrol.HelloPath, Name: "enrolHello", Tag: "house", Doc: "Proves to an appliance that wants to join that this issuer knows its code, on this very connection."}, enrolHello), mayHello)
	OpEnrolLook        = only(route(Route{Method: "POST", Path: enrol.LookPath, Name: "enrolLook", Tag: "house", Doc: "Says what a code is good for, to whoever proves to know it."}, enrolLook), mayLook)
	OpEnrol            = only(route(Route{Method: "POST", Path: enrol.CertificatePath, Name: "enrol", Tag: "house", Change: "member.enrol", Long: true, Doc: "Uses a code up: signs the certificate of a new member, adds its block to the runbook's file, and applies it."}, enrolMember), mayEnrol)
	OpEnrolRenew       = only(route(Route{Method: "POST", Path: enrol.RenewPath, Name: "enrolRenew", Tag: "house", Change: "member.renew", Doc: "Signs the next certificate of a member, which proves itself by the present one."}, enrolRenew), mayRenew)
	OpEnrolLeave       = only(route(Route{Method: "POST", Path: enrol.LeavePath, Name: "enrolLeave", Tag: "house", Change: "member.leave", Doc: "Ends the certificates of a member that leaves. Its block stays until an admin removes it."}, enrolLeave), mayLeave)
	OpEnrolAuthorities = only(route(Route{Method: "GET", Path: enrol.AuthoritiesPath, Name: "enrolAuthorities", Tag: "house", Doc: "The authorities of the house, for members that ask whether there are new ones."}, enrolAuthorities), mayAskNews)
	OpEnrolEnded       = only(route(Route{Method: "GET", Path: enrol.EndedPath, Name: "enrolEnded", Tag: "house", Doc: "The list of certificates of the house that have ended before their time, for members that let in others."}, enrolEnded), mayAskNews)

	OpMembers            = route(Route{Method: "GET", Path: "/api/members", Role: auth.Viewer, Name: "members", Tag: "members", Doc: "The members of this issuer: whether each answers, how it is, what it runs, and how its runbook and its audit log stand."}, getMembers)
	OpMember             = route(Route{Method: "GET", Path: "/api/members/{name}", Role: auth.Viewer, Name: "member", Tag: "members", Doc: "One member."}, getMember)
	OpPlanPush           = route(Route{Method: "POST", Path: "/api/push/plan", Role: auth.Admin, Name: "planPush", Tag: "members", Costly: true, Long: true, Doc: "Asks members what a push would do: a runbook, settings of each one's own runbook, or a command. Nothing is changed. The plan is kept for an hour."}, planPush)
	OpPush               = route(Route{Method: "POST", Path: "/api/push", Role: auth.Admin, Name: "push", Tag: "members", Change: "members.push", Status: 202, Doc: "Carries out exactly a plan that was shown: the canary first, then the others, and stops at the first that is not healthy. Returns at once."}, startPush)
	OpPushState          = route(Route{Method: "GET", Path: "/api/push", Role: auth.Viewer, Name: "pushState", Tag: "members", Doc: "How far the push is that is carried out, or was last. Only admins see its values and reasons."}, getPush)
	OpStopPush           = route(Route{Method: "POST", Path: "/api/push/stop", Role: auth.Admin, Name: "stopPush", Tag: "members", Change: "members.stop", Doc: "Changes no further member. The one that is being changed is waited for."}, stopPush)
	OpUndoPush           = route(Route{Method: "POST", Path: "/api/push/undo", Role: auth.Admin, Name: "undoPush", Tag: "members", Change: "members.undo", Status: 202, Doc: "Returns the members that the last push has changed to what they ran before, unless somebody has changed them since. Returns at once."}, undoPush)
	OpMembersAudit       = route(Route{Method: "GET", Path: "/api/audit/members", Role: auth.Admin, Name: "membersAudit", Tag: "members", Costly: true, Doc: "Who did what at the members, newest first, from the copies of their audit logs."}, getMembersAudit)
	OpVerifyMembersAudit = route(Route{Method: "GET", Path: "/api/audit/members/verify", Role: auth.Admin, Name: "verifyMembersAudit", Tag: "members", Costly: true, Long: true, Doc: "Checks the copies of the members' audit logs."}, verifyMembersAudit)
	OpAcceptMemberAudit  = route(Route{Method: "POST", Path: "/api/audit/members/{name}/accept", Role: auth.Admin, Name: "acceptMemberAudit", Tag: "members", Change: "members.accept", Doc: "Sets the copy of a member whose past has changed aside, with what the member shows instead, and begins a new copy."}, acceptMemberAudit)

	OpOpenapi = route(Route{Method: "GET", Path: "/api/openapi.json", Name: "openapi", Tag: "appliance", Doc: "This document."}, getDocument)
)

// Routes returns all routes of the API, in the order of the lines above.
func Routes() []*Route {
	return slices.SortedFunc(slices.Values(table), func(a, b *Route) int { return cmp.Compare(a.line, b.line) })
}
