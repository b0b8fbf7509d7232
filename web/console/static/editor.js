// The text of the runbook with line numbers, colours, and what is wrong underlined where it stands. The text area stays what is
// edited and sent; all else is paint behind it.
(() => {
	"use strict";
	const area = document.getElementById("source"), frame = area.closest(".editor");
	const paper = frame.querySelector(".paper"), gutter = frame.querySelector(".gutter"), findings = document.getElementById("findings");
	frame.classList.add("live");

	const token = /(#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|("(?:[^"\\\n]|\\.)*")|^([ \t]*[a-z_][\w-]*)(?=[ \t]*(?:"|\{))/gm;
	const piece = (text, kind) => {
		if (!kind) return document.createTextNode(text);
		const s = document.createElement("span");
		s.className = kind;
		s.textContent = text;
		return s;
	};
	// pieces are what is coloured: two versions of the same lines between their marks as such, all else as what it is.
	const clash = /^<<<<<<< [^\n]*\n([\s\S]*?)^=======\n([\s\S]*?)^>>>>>>> [^\n]*$/gm;
	const pieces = (text) => {
		const out = [], words = (from, to) => {
			for (const m of text.slice(from, to).matchAll(token)) out.push({ from: from + m.index, to: from + m.index + m[0].length, kind: m[1] ? "c" : m[2] ? "s" : "k" });
		};
		let at = 0;
		for (const m of text.matchAll(clash)) {
			words(at, m.index);
			const mine = m.index + m[0].indexOf("\n") + 1, middle = mine + m[1].length, theirs = middle + 8, end = theirs + m[2].length;
			at = m.index + m[0].length;
			out.push({ from: m.index, to: mine, kind: "mark" }, { from: mine, to: middle, kind: "yours" }, { from: middle, to: theirs, kind: "mark" }, { from: theirs, to: end, kind: "theirs" }, { from: end, to: at, kind: "mark" });
		}
		words(at, text.length);
		return out;
	};
	// marks are the places of what is wrong, in characters of the text.
	const marks = () => {
		const lines = area.value.split("\n"), starts = [0];
		for (const l of lines) starts.push(starts.at(-1) + l.length + 1);
		return [...findings.querySelectorAll(".finding")].filter((f) => +f.dataset.line > 0).map((f) => {
			const l = Math.min(+f.dataset.line, lines.length), e = Math.min(Math.max(+f.dataset.endline, l), lines.length);
			const from = starts[l - 1] + Math.max(0, +f.dataset.column - 1);
			let to = starts[e - 1] + Math.max(0, +f.dataset.endcolumn - 1);
			if (to <= from) to = from + 1;
			return { line: l, from, to, kind: f.classList.contains("warning") ? "e warning" : "e", what: f.textContent };
		}).sort((a, b) => a.from - b.from);
	};
	const paint = () => {
		const text = area.value, list = marks(), out = document.createDocumentFragment();
		const put = (from, to, kind) => { // a token, cut where something is wrong
			let at = from;
			for (const m of list) {
				const a = Math.max(m.from, at), b = Math.min(m.to, to);
				if (a >= b) continue;
				if (a > at) out.append(piece(text.slice(at, a), kind));
				out.append(piece(text.slice(a, b), m.kind));
				at = b;
			}
			if (at < to) out.append(piece(text.slice(at, to), kind));
		};
		let at = 0;
		for (const m of pieces(text)) {
			put(at, m.from, "");
			put(m.from, m.to, m.kind);
			at = m.to;
		}
		put(at, text.length, "");
		out.append("\n\n");
		paper.replaceChildren(out);
		const wrong = new Map(list.map((m) => [m.line, m.kind])), numbers = document.createDocumentFragment();
		for (let i = 1, n = text.split("\n").length; i <= n; i++) {
			const b = wrong.has(i) ? document.createElement("b") : document.createTextNode(i + "\n");
			if (wrong.has(i)) { b.textContent = i + "\n"; if (wrong.get(i).includes("warning")) b.className = "warning"; }
			numbers.append(b);
		}
		gutter.replaceChildren(numbers);
		follow();
	};
	const follow = () => {
		paper.scrollTop = gutter.scrollTop = area.scrollTop;
		paper.scrollLeft = area.scrollLeft;
	};
	area.addEventListener("input", paint);
	area.addEventListener("scroll", follow);
	document.body.addEventListener("htmx:afterSwap", (e) => { if (e.detail.target === findings) paint(); });

	// A finding leads to its place.
	findings.addEventListener("click", (e) => {
		const f = e.target.closest(".finding");
		if (!f || !+f.dataset.line || !e.target.closest("a")) return;
		e.preventDefault();
		const m = marks().find((m) => m.line === +f.dataset.line);
		area.focus();
		area.setSelectionRange(m.from, m.to);
		area.scrollTop = Math.max(0, (m.line - 5) * parseFloat(getComputedStyle(area).lineHeight));
	});
	// Tab indents only when it is asked for: Escape, then Tab, goes on to the next control.
	let leave = false;
	area.addEventListener("keydown", (e) => {
		if (e.key === "Escape") { leave = true; return; }
		if (e.key === "Tab" && !e.shiftKey && !leave && area.selectionStart === area.selectionEnd) {
			e.preventDefault();
			area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
			area.dispatchEvent(new Event("input", { bubbles: true }));
		}
		leave = false;
	});
	let sent = false;
	const began = area.defaultValue;
	area.form.addEventListener("submit", () => { sent = true; });
	window.addEventListener("beforeunload", (e) => { if (!sent && area.value !== began) e.preventDefault(); });
	paint();
})();
