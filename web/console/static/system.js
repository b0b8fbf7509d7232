// Curves of what the appliance takes, over the last hours.
(() => {
	"use strict";
	const hours = 12 * 3600;
	const up = (least) => (_, low, high) => [0, Math.max(least, (high || 0) * 1.15)];
	const units = { memory: (v) => v.toFixed(0) + " MiB", cpu: (v) => v.toFixed(0) + " %", disk: (v) => v.toFixed(1) + " GiB", spool: (v) => Number.isInteger(v) ? v.toFixed(0) : "" };
	const least = { memory: 64, cpu: 20, disk: 1, spool: 5 };
	const take = { memory: (s, i) => s.memory_bytes[i] / 2 ** 20, cpu: (s, i) => s.cpu_percent[i], disk: (s, i) => s.disk_free_bytes[i] / 2 ** 30, spool: (s, i) => s.waiting[i] };
	const kept = { at: [], memory: [], cpu: [], disk: [], spool: [] };
	const plots = [...document.querySelectorAll("[data-curve]")].map((el) => {
		const name = el.dataset.curve;
		return [name, orac.curve(el, [{ colour: "accent", fill: "accent-soft" }], up(least[name]), { values: (_, v) => v.map(units[name]) })];
	});
	// add keeps what is new. Where nothing was measured, the curve has a gap.
	const add = (s) => {
		s.at.forEach((at, i) => {
			const last = kept.at.at(-1);
			if (last !== undefined && at <= last) return; // the clock was set back
			if (last !== undefined && at - last > 3 * s.every_seconds) {
				kept.at.push(last + s.every_seconds);
				for (const name in take) kept[name].push(null);
			}
			kept.at.push(at);
			for (const name in take) kept[name].push(take[name](s, i));
		});
		const old = kept.at.findIndex((at) => at > kept.at.at(-1) - hours);
		if (old > 0) for (const name in kept) kept[name].splice(0, old);
	};
	const load = async () => {
		const last = kept.at.at(-1);
		const answer = await fetch("/api/system/samples" + (last ? "?from=" + (last + 1) : ""), { headers: { "X-Unattended": "1" } });
		if (!answer.ok) return;
		add(await answer.json());
		if (!kept.at.length) return;
		for (const [name, plot] of plots) {
			plot.setData([kept.at, kept[name]]);
			plot.setScale("x", { min: Math.min(kept.at[0], kept.at.at(-1) - 600), max: kept.at.at(-1) });
			const now = document.querySelector(`[data-now="${name}"]`), value = kept[name].at(-1);
			if (now && value !== null) now.textContent = units[name](value);
		}
	};
	load().catch(() => {});
	setInterval(() => { if (!document.hidden) load().catch(() => {}); }, 10000);
})();
