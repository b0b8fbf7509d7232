// Rates and health of the nodes, every two seconds.
(() => {
	"use strict";
	const rate = (f) => (f === 0 ? "0/s" : f < 10 ? f.toFixed(1) + "/s" : f.toFixed(0) + "/s");
	const set = (el, text) => { if (el && el.textContent !== String(text)) el.textContent = text; };
	const levels = ["healthy", "degraded", "unhealthy"];
	const look = async () => {
		if (document.hidden) return;
		const answer = await fetch("/api/status", { headers: { Accept: "application/json", "X-Unattended": "1" } });
		if (answer.status === 401) location.reload();
		if (!answer.ok) return;
		const status = await answer.json();
		const health = new Map((status.health.components || []).map((c) => [c.name, c.status]));
		const nodes = new Map((status.nodes || []).map((n) => [n.address, n]));
		for (const el of document.querySelectorAll("[data-node]")) {
			const n = nodes.get(el.dataset.node), level = health.get(el.dataset.node) || "healthy";
			const mark = el.querySelector("[data-health]") || el;
			for (const l of levels) mark.classList.toggle(l, l === level);
			if (mark !== el) set(mark.lastElementChild, level);
			if (!n) continue;
			set(el.querySelector("[data-rate]"), rate(n.rate));
			set(el.querySelector("[data-state]"), n.state);
			set(el.querySelector("[data-dropped]"), n.dropped);
			set(el.querySelector("[data-restarts]"), n.restarts);
		}
	};
	setInterval(() => look().catch(() => {}), 2000);
})();
