package moonshine

import (
	"fmt"
	"math"

	ort "github.com/yalue/onnxruntime_go"
)

// said is what the decoder says: its tokens, without those that begin and end the text, and how probable each was.
type said struct {
	tokens  []int
	chances []float64 // of each token; one more than tokens if the text has an end
	nothing Reason    // why the tokens cannot be a text
}

// decode lets the decoder say token after token what the encoder heard, always the most probable one, until it ends the text. The first step
// computes the keys and values of the sound, which all later ones use.
func (e *Engine) decode(hidden ort.Value, most int, stop func() bool) (s said, err error) {
	cache, err := e.emptyCache()
	if err != nil {
		return s, err
	}
	defer func() { destroy(cache) }()
	token := begin
	for step := range most {
		if stop() {
			return s, ErrStopped
		}
		var scores []float32
		if scores, cache, err = e.step(hidden, cache, token, step > 0); err != nil {
			return s, err
		}
		var chance float64
		token, chance = best(scores)
		s.chances = append(s.chances, chance)
		if token == end {
			return s, nil
		}
		s.tokens = append(s.tokens, token)
		if loops(s.tokens) {
			s.nothing = Loop
			return s, nil
		}
	}
	s.nothing = TooLong
	return s, nil
}

// step runs the decoder on one token. It returns the scores of the next one, and the cache for it: what it makes anew replaces the old.
func (e *Engine) step(hidden ort.Value, cache []ort.Value, token int, later bool) ([]float32, []ort.Value, error) {
	ids, err := ort.NewTensor(ort.NewShape(1, 1), []int64{int64(token)})
	if err != nil {
		return nil, cache, fmt.Errorf("token for the decoder: %w", err)
	}
	defer ids.Destroy()
	branch, err := ort.NewTensor(ort.NewShape(1), []bool{later})
	if err != nil {
		return nil, cache, fmt.Errorf("flag for the decoder: %w", err)
	}
	defer branch.Destroy()
	out, err := e.decoder.Run(append([]ort.Value{ids, hidden, branch}, cache...)...)
	if err != nil {
		return nil, cache, err
	}
	scores, ok := out[0].(*ort.Tensor[float32])
	if !ok || len(scores.GetData()) != logits {
		destroy(out)
		return nil, cache, fmt.Errorf("the decoder returns %v, not the scores of one step", out[0].GetShape())
	}
	for i, made := range out[1:] {
		if ofSound := i%4 >= 2; later && ofSound { // computed by the first step only
			made.Destroy()
			continue
		}
		cache[i].Destroy()
		cache[i] = made
	}
	list := scores.GetData() // Go's memory, which outlives the tensor
	scores.Destroy()
	return list, cache, nil
}

// emptyCache is the cache before the first step. The network ignores it, but wants its shape.
func (e *Engine) emptyCache() ([]ort.Value, error) {
	cache := make([]ort.Value, 0, 4*e.shape.layers)
	for range cap(cache) {
		t, err := ort.NewEmptyTensor[float32](ort.NewShape(1, e.shape.heads, 1, e.shape.width))
		if err != nil {
			destroy(cache)
			return nil, fmt.Errorf("cache of the decoder: %w", err)
		}
		cache = append(cache, t)
	}
	return cache, nil
}

func destroy(list []ort.Value) {
	for _, v := range list {
		v.Destroy()
	}
}

// best is the most probable token that a text can hold, and its probability.
func best(scores []float32) (token int, chance float64) {
	token = end
	for i, x := range scores[:tokens] {
		if x > scores[token] {
			token = i
		}
	}
	sum := 0.0
	for _, x := range scores {
		sum += math.Exp(float64(x - scores[token]))
	}
	return token, 1 / sum
}
