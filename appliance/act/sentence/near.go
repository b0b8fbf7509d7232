package sentence

type nearIndex struct{}

func (m *Matcher) nearIndex() {}

func (m *Matcher) near(list []token, ctx *context) result { return result{} }
