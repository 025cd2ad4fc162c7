package main

import (
	"regexp"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// comment is a comment of the contract: its words, and the example that it gives.
type comment struct {
	text    string
	example string
}

var exampleSentence = regexp.MustCompile("\\s*\\bExample: `([^`]+)`\\.?")

// parseComment joins the lines of a comment to paragraphs and takes its example out.
func parseComment(raw protogen.Comments) comment {
	var paragraphs []string
	for block := range strings.SplitSeq(trimLines(string(raw)), "\n\n") {
		if joined := joinLines(block); joined != "" {
			paragraphs = append(paragraphs, joined)
		}
	}
	text := strings.Join(paragraphs, "\n\n")
	var example string
	if found := exampleSentence.FindStringSubmatch(text); found != nil {
		example = found[1]
		text = strings.TrimSpace(exampleSentence.ReplaceAllString(text, ""))
	}
	return comment{text: text, example: example}
}

func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// joinLines puts a space between lines, unless a line ends within a hyphenated word.
func joinLines(block string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(block, "\n") {
		soFar := out.String()
		if soFar != "" && (!strings.HasSuffix(soFar, "-") || strings.HasSuffix(soFar, " -")) {
			out.WriteByte(' ')
		}
		out.WriteString(line)
	}
	return strings.TrimSpace(out.String())
}

// summary is the first sentence, without its full stop.
func (c comment) summary() string {
	first, _, _ := strings.Cut(c.text, "\n\n")
	first, _, _ = strings.Cut(first, ". ")
	return strings.TrimSuffix(first, ".")
}

// beyondSummary is the whole text, if it says more than the summary.
func (c comment) beyondSummary() string {
	if c.text == c.summary()+"." {
		return ""
	}
	return c.text
}
