package audit

import "context"

type whoKey struct{}

type who struct{ who, way string }

// By notes in a context who acts and in which way, for the code that writes audit records.
func By(ctx context.Context, name, way string) context.Context {
	return context.WithValue(ctx, whoKey{}, who{name, way})
}

// Who returns what By has noted, or "unknown".
func Who(ctx context.Context) (name, way string) {
	if w, ok := ctx.Value(whoKey{}).(who); ok {
		return w.who, w.way
	}
	return "unknown", ""
}
