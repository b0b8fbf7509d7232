package api

import (
	"net/http"

	"orac/appliance/audio/capture"
	"orac/web/schema"
)

// The inputs and outputs of routes, under exported names for callers of Invoke.
type (
	Nothing          = schema.None
	LoginInput       = loginInput
	UserInput        = userInput
	NewUserInput     = newUserInput
	RoleInput        = roleInput
	UserName         = userName
	PasswordInput    = passwordInput
	KeyInput         = keyInput
	NewKey           = newKey
	RotateInput      = rotateInput
	KeyID            = keyID
	AuditInput       = auditInput
	AuditPage        = auditPage
	PageInput        = pageInput
	LimitInput       = limitInput
	Detection        = detection
	DetectionPage    = detectionPage
	JudgeInput       = judgeInput
	Threshold        = threshold
	Utterance        = utterance
	UtterancePage    = utterancePage
	UtteranceInput   = utteranceInput
	SpooledInput     = spooledInput
	IncidentInput    = incidentInput
	Models           = modelList
	LogsInput        = logsInput
	RunbookText      = runbookText
	SourceInput      = sourceInput
	Findings         = findings
	ApplyInput       = applyInput
	Applied          = applied
	RollbackInput    = rollbackInput
	BlockList        = blockList
	BlockForm        = blockForm
	BlockSummary     = blockSummary
	Joinable         = joinable
	Section          = section
	Field            = field
	BlockInput       = blockInput
	TypeInput        = typeInput
	EditInput        = editInput
	EditStep         = editStep
	Edited           = edited
	MergeInput       = mergeInput
	MergedText       = merged
	MergedPiece      = mergedPiece
	DocTitle         = docTitle
	DocInput         = docInput
	CatalogueModel   = catalogueModel
	Device           = capture.Device
	Devices          = capture.Listing
	GenerationIn     = generationInput
	RollbackPlanIn   = planRollbackInput
	GenerationText   = generationText
	Global           = global
	GlobalInput      = globalInput
	ModelInput       = modelInput
	Health           = healthOut
	LoginOut         = loginOut
	SetupState       = setupState
	SetupInput       = setupInput
	SetupOut         = setupOut
	Graph            = graphOut
	Listener         = listener
	ScenarioList     = scenarioList
	SimulationInput  = simulationInput
	SimulationNumber = simulationNumber
	SamplesInput     = samplesInput
	SystemSamples    = systemSamples
)

// Handle adds a handler that is open to everybody and needs no Call: the console's files.
func (s *Server) Handle(pattern string, h http.Handler) { s.mux.Handle(pattern, h) }

// Events returns the hub of event streams.
func (s *Server) Events() *Hub { return s.o.Events }

// App returns the appliance, for what no route returns. Changes must go through Invoke.
func (s *Server) App() App { return s.o.App }

// AsProblem converts any error into a problem, so that a page can show it in its own words.
func AsProblem(err error) *schema.Problem { return schema.ProblemOf(err) }
