// Levels and scores as they move. Events come with every hop of 80 ms; the page is drawn once a frame at most.
(() => {
	"use strict";
	const keep = 30, floor = -80; // seconds of curve; dB of what counts as silence
	const body = document.body;
	const cards = [...document.querySelectorAll(".listener")].map((el) => {
		const models = new Map([...el.querySelectorAll("[data-model]")].map((m) => [m.dataset.model, {
			el: m, fill: m.querySelector(".fill"), bar: m.querySelector(".bar"), now: m.querySelector("[data-now]"), threshold: +m.dataset.threshold, score: 0,
		}]));
		const level = el.querySelector("[data-level]");
		const card = { el, device: el.dataset.device, models, level, fill: level.querySelector(".fill"), peak: level.querySelector(".peak"), db: el.querySelector("[data-db]"), loud: floor, top: floor, moved: false };
		const colours = ["accent", "warn", "ok", "bad"];
		const series = [{ colour: "line", fill: "sunk", width: 1 }];
		let n = 0;
		for (const m of models.values()) {
			const colour = colours[n++ % colours.length];
			series.push({ colour, width: 2 }, { colour, dash: [4, 5], width: 1 });
		}
		card.data = [[], ...series.map(() => [])];
		card.plot = orac.curve(el.querySelector("[data-curve]"), series, [0, 1], { time: false, splits: () => [0, 0.5, 1], values: (_, v) => v.map((x) => x.toFixed(1)) });
		return card;
	});
	const decibels = (rms) => Math.max(floor, 20 * Math.log10(Math.max(rms, 1e-3) / 32768));
	const share = (db) => (db - floor) / -floor;

	body.addEventListener("orac:level", (e) => {
		for (const c of cards) {
			if (c.device !== e.detail.device) continue;
			c.loud = decibels(e.detail.rms);
			c.top = Math.max(decibels(e.detail.peak), c.top - 1.5);
			const at = Date.parse(e.detail.at) / 1000, row = [at, share(c.loud)];
			for (const m of c.models.values()) row.push(m.score, m.threshold);
			row.forEach((v, i) => c.data[i].push(v));
			while (c.data[0].length && c.data[0][0] < at - keep) c.data.forEach((d) => d.shift());
			c.moved = true;
		}
	});
	body.addEventListener("orac:score", (e) => {
		for (const c of cards) {
			const m = c.device === e.detail.device && c.models.get(e.detail.model);
			if (m) { m.score = e.detail.score; c.moved = true; }
		}
	});
	const draw = () => {
		for (const c of cards) {
			if (!c.moved) continue;
			c.moved = false;
			c.fill.setAttribute("width", 100 * share(c.loud));
			c.peak.setAttribute("x", 100 * share(c.top));
			c.level.setAttribute("aria-valuenow", c.loud.toFixed(0));
			c.db.textContent = c.loud <= floor ? "silent" : c.loud.toFixed(0) + " dB";
			for (const m of c.models.values()) {
				m.fill.setAttribute("width", 100 * m.score);
				m.bar.setAttribute("aria-valuenow", m.score.toFixed(2));
				m.now.textContent = m.score.toFixed(2);
			}
			const now = c.data[0].at(-1);
			c.plot.setData(c.data, false);
			c.plot.setScale("x", { min: now - keep, max: now });
		}
		requestAnimationFrame(draw);
	};
	requestAnimationFrame(draw);

	body.addEventListener("orac:wake", (e) => {
		for (const c of cards) {
			if (c.el.dataset.listener !== e.detail.listener) continue;
			c.el.classList.remove("woke");
			void c.el.offsetWidth; // so that the animation begins anew
			c.el.classList.add("woke");
			c.el.dataset.woke = e.detail.id;
		}
		orac.say(e.detail.wake_word.replaceAll("_", " ") + " heard by " + e.detail.listener);
	});
	// What is being said, as far as it is understood. Events name the recording, and its begin names the listener.
	const so = new Map(); // recording: its card
	body.addEventListener("orac:recording_started", (e) => {
		for (const c of cards) if (c.el.dataset.listener === e.detail.listener) so.set(e.detail.utterance, c);
	});
	const show = (id, text) => {
		const p = so.get(id)?.el.querySelector("[data-live]");
		if (!p) return;
		p.querySelector("q").textContent = text;
		p.hidden = !text;
	};
	body.addEventListener("orac:partial", (e) => show(e.detail.utterance, e.detail.text));
	for (const over of ["delivered", "dropped"]) body.addEventListener("orac:" + over, (e) => {
		show(e.detail.utterance, "");
		so.delete(e.detail.utterance);
	});
	body.addEventListener("orac:delivered", (e) => { if (e.detail.text) orac.say("understood: " + e.detail.text); });
})();
