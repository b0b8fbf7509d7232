package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"orac/appliance/event"
	"orac/appliance/status"
)

// countDescs are the descriptions of what events count: one for each row of the table.
var countDescs = func() map[string]*prometheus.Desc {
	m := map[string]*prometheus.Desc{}
	for _, c := range event.Counters {
		m[c.Name] = prometheus.NewDesc("orac_"+c.Name, c.Help, c.Labels, nil)
	}
	return m
}()

// counted are the counts of events.
func counted(c chan<- prometheus.Metric, list []status.Count) {
	for _, x := range list {
		d := countDescs[x.Name]
		if x.Under == nil {
			c <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(x.N), x.Labels...)
			continue
		}
		upTo := map[float64]uint64{}
		for i, bound := range status.Buckets {
			upTo[bound] = x.Under[i]
		}
		c <- prometheus.MustNewConstHistogram(d, x.N, x.Sum, upTo, x.Labels...)
	}
}

var (
	infoDesc        = stateDesc("info", "1, with the version that runs.", "version", "appliance")
	lostDesc        = stateDesc("spool_dropped_total", "Utterances that were dropped for want of room since the start.")
	spoolBadDesc    = stateDesc("spool_disk_refuses", "1 while the disk refuses utterances, which then wait in memory.")
	hookLostDesc    = stateDesc("webhook_dropped_total", "Events for a webhook that were dropped since the start.", "webhook")
	textsDesc       = stateDesc("forward_texts", "Texts that wait for a Core or a topic.", "core")
	textsAsideDesc  = stateDesc("forward_aside", "Texts that were set aside, for people.", "core")
	textsLostDesc   = stateDesc("forward_dropped_total", "Texts that were dropped since the start.", "core")
	engineWaitsDesc = stateDesc("engine_waiting", "Recordings that wait for an engine.", "engine")
	engineMostDesc  = stateDesc("engine_limit_bytes", "Resident memory at which an engine's process is started again.", "engine")
	serverWaitsDesc = stateDesc("stt_server_waiting", "Utterances of other machines that wait for the engine of an STT server.", "server")
	serverLimitDesc = stateDesc("stt_server_limit", "How many may wait there.", "server")
	serverRollDesc  = stateDesc("stt_server_instances", "Appliances that send heartbeats to an STT server.", "server")
	serverBadDesc   = stateDesc("stt_server_failing", "1 while the engine of an STT server fails.", "server")
	loginBadDesc    = stateDesc("login_failing", "1 while the issuer of a login gives no new tokens.", "login")
	homeDesc        = stateDesc("satellite_home", "1 while Home Assistant serves a satellite.", "satellite")
	homeRunsDesc    = stateDesc("satellite_busy", "1 while a conversation or an announcement is under way.", "satellite")
	homeConnDesc    = stateDesc("satellite_connections", "Clients that are connected to a satellite.", "satellite")
	speakerDesc     = stateDesc("speaker_open", "1 while sounds can be heard at a speaker.", "speaker")
	volumeDesc      = stateDesc("speaker_volume", "Volume of a speaker, 0 to 1; 0 while it is muted.", "speaker")
	playingDesc     = stateDesc("speaker_sounds", "Sounds that are heard at a speaker, or wait for their turn.", "speaker")
	timersDesc      = stateDesc("timers_running", "Timers of a topic that run; paused ones do not count.", "topic")
	memoryMostDesc  = stateDesc("memory_restart_bytes", "Resident memory at which the appliance replaces itself.")
	spansSentDesc   = stateDesc("traces_sent_total", "Spans of traces that the collector has taken since the start.")
	spansLostDesc   = stateDesc("traces_dropped_total", "Spans that were dropped since the start, because the collector did not take them in time.")
	spansBadDesc    = stateDesc("traces_refused_total", "Spans that the collector has refused since the start.")
	spansWaitDesc   = stateDesc("traces_waiting", "Spans that wait for the collector.")
	brokerDesc      = stateDesc("mqtt_connected", "1 while an MQTT broker is connected.", "mqtt")
	brokerSentDesc  = stateDesc("mqtt_published_total", "Messages that an MQTT broker has taken since the start.", "mqtt")
	brokerLostDesc  = stateDesc("mqtt_dropped_total", "Messages that were lost since the start, because an MQTT broker was away or too slow.", "mqtt")
	brokerWaitDesc  = stateDesc("mqtt_waiting", "Messages that wait for an MQTT broker.", "mqtt")
	brokerObeyDesc  = stateDesc("mqtt_orders_total", "Orders by way of an MQTT broker that were begun since the start.", "mqtt")
	brokerDenyDesc  = stateDesc("mqtt_orders_refused_total", "Orders by way of an MQTT broker that were refused since the start.", "mqtt")
	openDesc        = stateDesc("incident_open", "1 while the last incident is open.")

	stateDescs []*prometheus.Desc
)

// stateDesc describes a value of the status, and adds it to stateDescs.
func stateDesc(name, help string, labels ...string) *prometheus.Desc {
	d := prometheus.NewDesc("orac_"+name, help, labels, nil)
	stateDescs = append(stateDescs, d)
	return d
}

// state are the values of a status.
func (a collector) state(c chan<- prometheus.Metric, st status.Status, gauge func(*prometheus.Desc, float64, ...string)) {
	total := func(d *prometheus.Desc, v int, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	flag := map[bool]float64{true: 1}
	gauge(infoDesc, 1, st.Version, st.Appliance)
	total(lostDesc, st.Spool.Dropped)
	gauge(spoolBadDesc, flag[st.Spool.Error != ""])
	for _, h := range st.Hooks {
		total(hookLostDesc, h.Dropped, h.Name)
	}
	for _, h := range st.Forwards {
		gauge(textsDesc, float64(h.Waiting), h.Name)
		gauge(textsAsideDesc, float64(h.Aside), h.Name)
		total(textsLostDesc, h.Dropped, h.Name)
	}
	for _, e := range st.Engines {
		gauge(engineWaitsDesc, float64(e.Waiting), e.Name)
		gauge(engineMostDesc, float64(e.Most), e.Name)
	}
	for _, s := range st.STTServers {
		gauge(serverWaitsDesc, float64(s.Waiting), s.Name)
		gauge(serverLimitDesc, float64(s.Limit), s.Name)
		gauge(serverRollDesc, float64(s.Instances), s.Name)
		gauge(serverBadDesc, flag[s.Error != ""], s.Name)
	}
	for _, l := range st.Logins {
		gauge(loginBadDesc, flag[l.Error != ""], l.Name)
	}
	for _, s := range st.Satellites {
		gauge(homeDesc, flag[s.Home], s.Name)
		gauge(homeRunsDesc, flag[s.Busy], s.Name)
		gauge(homeConnDesc, float64(s.Connections), s.Name)
	}
	for _, s := range st.Speakers {
		gauge(speakerDesc, flag[s.Device != ""], s.Name)
		gauge(volumeDesc, s.Volume*flag[!s.Muted], s.Name)
		gauge(playingDesc, float64(len(s.Playing)), s.Name)
	}
	for _, x := range st.Topics {
		gauge(timersDesc, float64(x.Timers), x.Name)
	}
	gauge(memoryMostDesc, float64(st.Memory.Restart))
	for _, x := range st.MQTT {
		gauge(brokerDesc, flag[x.Connected], x.Name)
		total(brokerSentDesc, x.Published, x.Name)
		total(brokerLostDesc, x.Dropped, x.Name)
		gauge(brokerWaitDesc, float64(x.Waiting), x.Name)
		total(brokerObeyDesc, x.Orders, x.Name)
		total(brokerDenyDesc, x.Denied, x.Name)
	}
	if x := st.Traces; x != nil {
		total(spansSentDesc, x.Sent)
		total(spansLostDesc, x.Dropped)
		total(spansBadDesc, x.Refused)
		gauge(spansWaitDesc, float64(x.Waiting))
	}
	gauge(openDesc, flag[st.Incident != nil && st.Incident.Recovered.IsZero()])
	counted(c, st.Counts)
}
