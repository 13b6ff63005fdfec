package main

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/usage"
)

func TestTicks(t *testing.T) {
	for _, tt := range []struct {
		name string
		most int64
		want []int64
		why  string
	}{
		{"nothing", 0, []int64{0, 1}, "an axis has a length"},
		{"one", 1, []int64{0, 1}, "calls are whole"},
		{"exact", 400, []int64{0, 100, 200, 300, 400}, "what fits needs no more"},
		{"a little more", 401, []int64{0, 200, 400, 600}, "the top is never below the most"},
		{"five", 1_700, []int64{0, 500, 1000, 1500, 2000}, "steps are 1, 2 or 5"},
		{"money", 3_300_000, []int64{0, 1_000_000, 2_000_000, 3_000_000, 4_000_000}, "micro-units are whole numbers"},
	} {
		if diff := cmp.Diff(tt.want, ticks(tt.most, 4)); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", tt.name, tt.why, diff)
		}
	}
}

func TestNumbersAreWrittenForReading(t *testing.T) {
	for _, tt := range []struct{ got, want, why string }{
		{count(0), "0", "nothing"},
		{count(999), "999", "no comma"},
		{count(1_000), "1,000", "one"},
		{count(-1_234_567), "-1,234,567", "none after the sign"},
		{count(-123_456), "-123,456", "none after the sign"},
		{money(0, 2), "0.00", "places stay"},
		{money(4_999, 2), "0.00", "less than half a cent"},
		{money(5_000, 2), "0.01", "half a cent"},
		{money(1_234_567_890_000, 2), "1,234,567.89", "commas, and cents"},
		{money(1_299, 6), "0.001299", "all there is"},
		{money(40_000_000, 0), "40", "no point without places"},
		{measured(usage.Sums{}, usage.MeasureCost), "0.00", "of no call the cost is known: nothing"},
		{measured(usage.Sums{Calls: 2}, usage.MeasureCost), "–", "nobody said"},
		{measured(usage.Sums{Calls: 2, Cost: 1_500_000, Priced: 1}, usage.MeasureCost), "≥ 1.50", "one of two said"},
		{measured(usage.Sums{Calls: 2, Cost: 1_500_000, Priced: 2}, usage.MeasureCost), "1.50", "both said"},
		{share(1, 3), "33.3 %", "one place"},
		{share(0, 0), "–", "a share of nothing"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q: %s", tt.got, tt.want, tt.why)
		}
	}
}

// town is a plot of what names may hold at worst.
func town() plot {
	return plot{
		id: "p", title: `<b>"&'`, desc: "</svg>", names: []string{"1 Mar", "2 <Mar"}, ticks: []string{"1", ""}, band: []bool{false, true},
		series: []series{{"a<script>", []int64{10, 0}}, {`b"`, []int64{30, 20}}}, marks: []mark{{1, "x<y"}}, axis: count, exact: count,
	}
}

func TestStackedBarsAreAsHighAsTheirNumbers(t *testing.T) {
	for _, f := range []frame{narrow, middle, wide} {
		got := map[string]float64{}
		bar := regexp.MustCompile(`<rect class="s\d" [^>]*height="([\d.]+)" data-at="([^"]*)" data-item="([^"]*)"`)
		for _, m := range bar.FindAllStringSubmatch(town().stacked(f).body, -1) {
			got[m[2]+"/"+m[3]], _ = strconv.ParseFloat(m[1], 64)
		}
		whole := town().height(f) // the axis goes up to 40
		want := map[string]float64{"1 Mar/a&lt;script&gt;": whole / 4, "1 Mar/b&#34;": whole * 3 / 4, "2 &lt;Mar/b&#34;": whole / 2}
		for at, h := range want {
			if d := got[at] - h; d > .06 || d < -.06 {
				t.Errorf("%v, %s is %v high, want %v", f, at, got[at], h)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%v: bars %v, want those of %v and none of nothing", f, got, want)
		}
	}
}

func TestLinesGoThroughTheirNumbers(t *testing.T) {
	d := town().lines(middle)
	p := regexp.MustCompile(`points="([^"]+)"`).FindAllStringSubmatch(d.body, -1)
	if len(p) != 2 {
		t.Fatalf("%d lines, want 2", len(p))
	}
	_, first, _ := strings.Cut(strings.Fields(p[1][1])[0], ",")
	_, second, _ := strings.Cut(strings.Fields(p[1][1])[1], ",")
	y1, _ := strconv.ParseFloat(first, 64)
	y2, _ := strconv.ParseFloat(second, 64)
	if d := (y2 - y1) - town().height(middle)/3; d > .2 || d < -.2 { // the axis goes up to 30, and 20 is a third below
		t.Errorf("30 is at %v and 20 at %v", y1, y2)
	}
}

func TestDrawingsEscapeWhatTheyAreGiven(t *testing.T) {
	b := bars{id: "b", title: "<", desc: "&", items: []string{"<i>"}, values: []int64{0}, text: []string{`"<`}}
	for _, d := range []drawing{town().stacked(narrow), town().lines(wide), b.draw(middle)} {
		for _, svg := range []string{d.inline(), d.standalone()} {
			wellFormed(t, svg)
			if strings.Contains(svg, "<script") || strings.Contains(svg, "<b>") || strings.Contains(svg, "<i>") || strings.Count(svg, "</svg>") != 1 {
				t.Errorf("text was taken for markup:\n%s", svg)
			}
		}
	}
}

func TestNothingIsNoReasonToFail(t *testing.T) {
	wellFormed(t, plot{axis: count, exact: count}.stacked(middle).standalone())
	wellFormed(t, plot{axis: count, exact: count}.lines(middle).standalone())
	wellFormed(t, bars{}.draw(middle).standalone())
	wellFormed(t, heat{}.draw(middle).standalone())
}

// label is a text where it stands.
type label struct {
	text                   string
	left, right, top, base float64
}

var textPattern = regexp.MustCompile(`<text class="(\w+)" text-anchor="(\w+)" x="([-\d.]+)" y="([-\d.]+)">([^<]*)</text>`)

// labels are the texts of a drawing, each about as large as it is.
func labels(d drawing) (all []label) {
	for _, m := range textPattern.FindAllStringSubmatch(d.body, -1) {
		x, _ := strconv.ParseFloat(m[3], 64)
		y, _ := strconv.ParseFloat(m[4], 64)
		w := textWidth(m[5])
		if m[1] == "h" {
			w *= 14.0 / 12
		}
		l := label{m[5], x, x + w, y - 10, y + 2}
		switch m[2] {
		case "end":
			l.left, l.right = x-w, x
		case "middle":
			l.left, l.right = x-w/2, x+w/2
		}
		all = append(all, l)
	}
	return all
}

// overlaps says which texts of a drawing are on another or outside.
func overlaps(d drawing) (complaints []string) {
	all := labels(d)
	for i, a := range all {
		if a.left < -10 || a.right > float64(d.width)+10 || a.base > float64(d.height)+2 {
			complaints = append(complaints, fmt.Sprintf("%q is outside, from %v to %v", a.text, a.left, a.right))
		}
		for _, b := range all[:i] {
			if a.left < b.right && b.left < a.right && a.top < b.base && b.top < a.base {
				complaints = append(complaints, fmt.Sprintf("%q is on %q", a.text, b.text))
			}
		}
	}
	return complaints
}

// drawings are all charts of the page.
func (v *views) drawings() (all []drawing) {
	for _, f := range []frame{narrow, middle, wide} {
		for _, draw := range []func(frame) drawing{v.costByDay, v.callsByDay, v.projectCost, v.busyHours, v.dearestKeys, v.failures} {
			all = append(all, draw(f))
		}
	}
	return all
}

func TestOverlapsAreFound(t *testing.T) {
	c := &canvas{width: 100, height: 50}
	c.text("n", "start", 0, 20, "here")
	c.text("n", "end", 34, 24, "there")
	c.text("n", "middle", 95, 40, "outside")
	if got := overlaps(c.drawing("c", "", "")); len(got) != 2 {
		t.Errorf("complaints %q, want one of a text on another and one of a text outside", got)
	}
}

func TestColoursAreToldFromTheirGround(t *testing.T) {
	grounds := regexp.MustCompile(`\.chart\{(--bg:[^}]*?)(?:[;}]\s|\})`).FindAllStringSubmatch(chartStyle, -1)
	if len(grounds) != 2 {
		t.Fatalf("%d grounds, want a light one and a dark one", len(grounds))
	}
	for _, g := range grounds {
		colours := map[string]float64{}
		for _, m := range regexp.MustCompile(`--(\w+):#([0-9a-f]+)`).FindAllStringSubmatch(g[1], -1) {
			colours[m[1]] = luminance(m[2])
		}
		if len(colours) != 11 {
			t.Fatalf("colours %v", colours)
		}
		for name, want := range map[string]float64{"ink": 7, "soft": 4.5, "c0": 3, "c1": 3, "c2": 3, "c3": 3, "c4": 3, "c5": 3} {
			for _, ground := range []string{"bg", "band"} {
				light, dark := max(colours[name], colours[ground]), min(colours[name], colours[ground])
				if got := (light + .05) / (dark + .05); got < want {
					t.Errorf("%s on %s has a contrast of %.2f, want %v", name, ground, got, want)
				}
			}
		}
	}
}

// luminance is how light a colour is, as WCAG 2 has it.
func luminance(hex string) float64 {
	if len(hex) == 3 {
		hex = strings.Repeat(hex[:1], 2) + strings.Repeat(hex[1:2], 2) + strings.Repeat(hex[2:], 2)
	}
	n, _ := strconv.ParseUint(hex, 16, 32)
	var all float64
	for i, weight := range []float64{.2126, .7152, .0722} {
		c := float64(n>>(16-8*i)&0xff) / 255
		if c <= .04045 {
			all += weight * c / 12.92
			continue
		}
		all += weight * math.Pow((c+.055)/1.055, 2.4)
	}
	return all
}
