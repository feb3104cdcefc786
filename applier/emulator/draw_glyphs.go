package emulator

// drawArrow leads back.
func drawArrow() part {
	return drawSymbol("22", attr("aria-hidden", "true"), drawLine("M15 5l-7 7 7 7"))
}

// drawGlyph stands for a kind of file.
func drawGlyph(kind string) part {
	switch kind {
	case "image":
		return drawSymbol("24", drawScreen(), drawSun(), drawLine("M4 17l5-4.5 4 3.5 3-2.5 4 3.5"))
	case "video":
		return drawSymbol("24", drawScreen(), drawLine("M10.5 9.2v5.6l4.5-2.8z"))
	case "audio":
		return drawSymbol("24", drawLine("M5 10v4M8.5 7v10M12 9.5v5M15.5 6v12M19 10v4"))
	}
	return drawSymbol("24", drawLine("M7 3h7l5 5v13H7z"), drawLine("M14 3v5h5"))
}

func drawSymbol(size string, parts ...part) part {
	return element("svg", attr("viewBox", "0 0 24 24"), attr("width", size), attr("height", size), all(parts...))
}

func drawLine(path string) part { return element("path", attr("d", path)) }

func drawScreen() part {
	return element("rect", attr("x", "3"), attr("y", "5"), attr("width", "18"), attr("height", "14"), attr("rx", "2.5"))
}

func drawSun() part {
	return element("circle", attr("cx", "8.5"), attr("cy", "10"), attr("r", "1.5"))
}
