// The level of every microphone in the list, one after the other, for as long as the page is looked at.
(() => {
	"use strict";
	const floor = -80, rest = (ms) => new Promise((done) => setTimeout(done, ms));
	const gauges = [...document.querySelectorAll("#microphones [data-identity]")];
	const measure = async (g) => {
		const q = new URLSearchParams({ backend: g.dataset.backend, identity: g.dataset.identity }), say = g.querySelector("output");
		const answer = await fetch("/api/devices/level?" + q, { headers: { "X-Unattended": "1" } });
		if (answer.status === 401) location.reload();
		if (!answer.ok) return;
		const level = await answer.json(), db = Math.max(floor, level.rms_db);
		g.title = level.problem || "";
		g.classList.toggle("mute", !!level.problem);
		g.querySelector(".fill").setAttribute("width", 100 * (db - floor) / -floor);
		g.querySelector("svg").setAttribute("aria-valuenow", db.toFixed(0));
		say.textContent = level.problem ? "no sound" : db <= floor ? "silent" : db.toFixed(0) + " dB";
	};
	(async () => {
		while (gauges.length) {
			for (const g of gauges) {
				while (document.hidden) await rest(500);
				await measure(g).catch(() => {});
			}
			await rest(300);
		}
	})();
})();
