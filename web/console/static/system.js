// Curves of what the appliance takes, over the last hours.
(() => {
	"use strict";
	const up = (least) => (_, low, high) => [0, Math.max(least, (high || 0) * 1.15)];
	const units = { memory: (v) => v.toFixed(0) + " MiB", cpu: (v) => v.toFixed(0) + " %", disk: (v) => v.toFixed(1) + " GiB", spool: (v) => v.toFixed(0) };
	const least = { memory: 64, cpu: 20, disk: 1, spool: 5 };
	const plots = [...document.querySelectorAll("[data-curve]")].map((el) => {
		const name = el.dataset.curve;
		return [name, orac.curve(el, [{ colour: "accent", fill: "accent-soft" }], up(least[name]), { gutter: name === "memory" || name === "disk" ? 62 : 44, values: (_, v) => v.map(units[name]) })];
	});
	const load = async () => {
		const answer = await fetch("/system/samples");
		if (!answer.ok || answer.redirected) return;
		const s = await answer.json();
		for (const [name, plot] of plots) {
			if (!s.at.length) continue;
			plot.setData([s.at, s[name]]);
			const last = s.at.at(-1);
			plot.setScale("x", { min: Math.min(s.at[0], last - 600), max: last });
			const now = document.querySelector(`[data-now="${name}"]`);
			if (now) now.textContent = units[name](s[name].at(-1));
		}
	};
	load().catch(() => {});
	setInterval(() => { if (!document.hidden) load().catch(() => {}); }, 10000);
})();
