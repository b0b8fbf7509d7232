// A recording is fetched when somebody wants to hear it, once: who listens is on record. Its waveform is made here.
(() => {
	"use strict";
	document.addEventListener("click", async (e) => {
		const link = e.target.closest("[data-play]");
		if (!link) return;
		e.preventDefault();
		const row = link.closest(".row, .card"), open = row.querySelector(".player");
		if (open) { open.querySelector("audio").play(); return; }
		link.setAttribute("aria-busy", "true");
		try {
			const answer = await fetch(link.href);
			if (!answer.ok) throw new Error((await answer.json()).title);
			const sound = await answer.arrayBuffer();
			const player = document.createElement("div"), canvas = document.createElement("canvas"), audio = document.createElement("audio");
			player.className = "player";
			canvas.setAttribute("role", "img");
			canvas.setAttribute("aria-label", "Waveform");
			audio.controls = true;
			audio.src = URL.createObjectURL(new Blob([sound], { type: "audio/wav" }));
			player.append(canvas, audio);
			row.append(player);
			const pcm = samples(sound);
			const paint = () => wave(canvas, pcm, audio.duration ? audio.currentTime / audio.duration : 0);
			paint();
			audio.addEventListener("timeupdate", paint);
			canvas.addEventListener("click", (c) => { if (audio.duration) audio.currentTime = audio.duration * c.offsetX / canvas.clientWidth; });
			audio.play().catch(() => {});
		} catch (err) {
			link.textContent = err.message || "no sound";
		}
		link.removeAttribute("aria-busy");
	});

	// samples finds the data of a WAV file of 16 bits.
	const samples = (buffer) => {
		const v = new DataView(buffer);
		for (let at = 12; at + 8 <= v.byteLength;) {
			const size = v.getUint32(at + 4, true);
			if (v.getUint32(at, false) === 0x64617461) return new Int16Array(buffer.slice(at + 8, at + 8 + (Math.min(size, v.byteLength - at - 8) & ~1)));
			at += 8 + size + (size & 1);
		}
		return new Int16Array();
	};
	const wave = (canvas, pcm, played) => {
		const scale = devicePixelRatio || 1, w = canvas.width = canvas.clientWidth * scale, h = canvas.height = canvas.clientHeight * scale, g = canvas.getContext("2d");
		const bars = Math.max(1, Math.floor(w / (3 * scale))), step = pcm.length / bars;
		for (let i = 0; i < bars; i++) {
			let top = 0;
			for (let j = Math.floor(i * step); j < (i + 1) * step; j++) top = Math.max(top, Math.abs(pcm[j]));
			const tall = Math.max(scale, top / 32768 * h * 0.92);
			g.fillStyle = orac.colour(i / bars < played ? "accent" : "muted");
			g.fillRect(i * 3 * scale, (h - tall) / 2, 2 * scale, tall);
		}
	};
})();
