package sim

import (
	"errors"

	"orac/appliance/rt"
	"orac/appliance/stt"
	"orac/appliance/stt/wire"
)

// wyomingClient is a client of a Wyoming service. It differs from that of an ORAC STT: nobody but the appliance acts on the text, so that no
// failure leaves a doubt, and an empty text proves silence. Where an ORAC STT answers a status, such a service sends an error event.
type wyomingClient struct{ c sttClient }

// Transcribe implements stt.Client.
func (w wyomingClient) Transcribe(t *rt.Task, u stt.Utterance, pcm []int16) (stt.Result, error) {
	u.Sending = nil
	r, err := w.c.request(t, "transcribe", u, pcm)
	r.Silence = r.Text == ""
	return r, plain(err)
}

// Stream implements stt.Streamer.
func (w wyomingClient) Stream(t *rt.Task, u stt.Utterance, chunks *rt.Mailbox[stt.Chunk]) (stt.Result, error) {
	u.Sending = nil
	r, err := w.c.Stream(t, u, chunks)
	return r, plain(err)
}

// Health implements stt.Prober.
func (w wyomingClient) Health(t *rt.Task) (stt.Health, error) {
	_, err := w.c.Health(t)
	return stt.Health{}, plain(err)
}

// plain is an error in the words of the protocol.
func plain(err error) error {
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		return err
	}
	said := *e
	said.Doubt = wire.NoDoubt
	if said.Status >= 400 {
		said.Kind, said.Status, said.Hint = wire.Engine, 0, ""
		said.Cause = errors.New("an error event: not authorised, or broken")
	}
	return &said
}
