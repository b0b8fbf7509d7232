// Curves by uPlot, in the colours of the page.
(() => {
	"use strict";
	// orac.curve draws curves into an element and gives back what sets their data. series: {colour, fill, dash, width}.
	orac.curve = (el, series, range, options = {}) => {
		const c = (name) => () => orac.colour(name); // asked at every drawing: light may become dark
		const axis = { stroke: c("muted"), grid: { stroke: c("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui", gap: 6 };
		const clock = (_, at) => at.map((s) => { const d = new Date(s * 1000); return `${String(d.getHours()).padStart(2, "0")}:${String(d.getMinutes()).padStart(2, "0")}`; });
		// An axis is as wide as the longest of its labels needs, in whatever font there is.
		const wide = (u, labels, i, cycle) => {
			const a = u.axes[i];
			if (cycle > 1 || !labels) return a._size || 0;
			u.ctx.font = a.font[0];
			return Math.ceil(Math.max(0, ...labels.map((l) => u.ctx.measureText(l || "").width)) / devicePixelRatio) + a.gap + 4;
		};
		const plot = new uPlot({
			width: el.clientWidth || 300, height: el.clientHeight || 120, legend: { show: false }, cursor: { show: !!options.cursor, drag: { x: false, y: false } },
			padding: [12, 24, options.time === false ? 12 : 8, 0],
			scales: { x: { time: options.time !== false }, y: { range } },
			axes: [{ ...axis, size: 26, grid: { show: false }, show: options.time !== false, space: 70, values: clock, incrs: [60, 300, 600, 1800, 3600, 7200, 10800, 14400, 21600, 43200] }, { ...axis, size: wide, space: 34, splits: options.splits, values: options.values }],
			series: [{}, ...series.map((s) => ({ stroke: c(s.colour), fill: s.fill ? c(s.fill) : undefined, width: s.width || 1.6, dash: s.dash, points: { show: false }, spanGaps: false }))],
		}, [[], ...series.map(() => [])], el);
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw(false));
		new ResizeObserver(() => plot.setSize({ width: el.clientWidth, height: el.clientHeight })).observe(el);
		return plot;
	};
})();
