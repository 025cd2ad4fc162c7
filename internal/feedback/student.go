package feedback

import "math"

// student is how many standard errors a 95 % interval reaches to each side: the 0.975 quantile of Student's t for so many
// degrees of freedom, at least 1.
//
// Right of zero the distribution is concave. So Newton's method, begun at the normal distribution's 1.95, which is left of
// every such quantile, comes nearer from the left with each step and never passes it.
func student(freedom float64) float64 {
	const middle = 0.475 // from zero to the quantile
	t := 1.95
	for range 100 {
		step := (middle - studentArea(freedom, t)) / studentDensity(freedom, t)
		t += step
		if step < 1e-9 {
			break
		}
	}
	return t
}

func studentDensity(freedom, t float64) float64 {
	above, _ := math.Lgamma((freedom + 1) / 2)
	below, _ := math.Lgamma(freedom / 2)
	return math.Exp(above-below-(freedom+1)/2*math.Log1p(t*t/freedom)) / math.Sqrt(freedom*math.Pi)
}

// studentArea is the area under the density from zero to t, by Simpson's rule.
func studentArea(freedom, t float64) float64 {
	const pieces = 200
	width := t / pieces
	sum := studentDensity(freedom, 0) + studentDensity(freedom, t)
	for i := 1; i < pieces; i++ {
		weight := 2.0
		if i%2 == 1 {
			weight = 4
		}
		sum += weight * studentDensity(freedom, float64(i)*width)
	}
	return sum * width / 3
}
