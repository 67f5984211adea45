package surprisal

import "math"

// studentT returns the t for which a variable of Student's distribution with df
// degrees of freedom, a whole number from 1 up, lies between -t and t with
// probability confidence, between 0 and 1. Its relative error is some 1e-14
// (at most 1e-13 for confidences up to 1 - 2^-40).
func studentT(df, confidence float64) float64 {
	alpha := 1 - confidence
	switch df {
	case 1: // Cauchy's distribution
		if alpha < 0.5 {
			return 1 / math.Tan(math.Pi/2*alpha)
		}
		return math.Tan(math.Pi / 2 * confidence)
	case 2:
		return confidence * math.Sqrt(2/(alpha*(1+confidence)))
	}
	if df > 5000 {
		return cornishFisher(df, math.Sqrt2*math.Erfinv(confidence))
	}
	s := newStudent(df)
	if confidence < 1e-9 { // the density is flat
		return confidence / (2 * s.scale)
	}
	// Newton's method for the logarithm of the probability as a function of the
	// logarithm of t. Both that of the centre and that of the tail are concave,
	// which makes it safe from any start.
	t := cornishFisher(df, math.Sqrt2*math.Erfinv(confidence))
	for range 50 {
		tf := t * s.density(t)
		var step float64
		if alpha >= 0.5 {
			c := s.centre(t, tf)
			step = -math.Log1p((c-confidence)/confidence) * c / (2 * tf)
		} else {
			var a float64
			if alpha > 0.05 && t < 5 {
				a = 1 - s.centre(t, tf)
			} else {
				a = s.tail(t, tf)
			}
			step = math.Log1p((a-alpha)/alpha) * a / (2 * tf)
		}
		t *= math.Exp(step)
		if math.Abs(step) < 1e-8 { // the error is that squared
			break
		}
	}
	return t
}

// cornishFisher returns the quantile of Student's distribution that belongs to
// the quantile z of the normal one, by the first terms of their expansion in
// powers of 1/df (Abramowitz and Stegun 26.7.5).
func cornishFisher(df, z float64) float64 {
	q := z * z
	g1 := (q + 1) / 4
	g2 := ((5*q+16)*q + 3) / 96
	g3 := (((3*q+19)*q+17)*q - 15) / 384
	g4 := ((((79*q+776)*q+1482)*q-1920)*q - 945) / 92160
	return z + z*(g1+(g2+(g3+g4/df)/df)/df)/df
}

// student is Student's distribution with df degrees of freedom.
type student struct {
	df    float64
	scale float64 // the density at 0
}

func newStudent(df float64) student {
	// Γ(x+½)/Γ(x) by its asymptotic series where that is exact to the last bit,
	// and down from there by the recurrence of Γ.
	x := df / 2
	down := 1.0
	for ; x < 50; x++ {
		down *= x / (x + 0.5)
	}
	y := 1 / x
	series := 1 + y*(-1./8+y*(1./128+y*(5./1024+y*(-21./32768+y*(-399./262144+y*(869./4194304+y*39325./33554432))))))
	return student{df, down * math.Sqrt(x/(math.Pi*df)) * series}
}

func (s student) density(t float64) float64 {
	return s.scale * math.Exp(-(s.df+1)/2*math.Log1p(t*t/s.df))
}

// centre returns the probability between -t and t, given tf = t·density(t): the
// incomplete beta function I_y(½, df/2) at y = t²/(df+t²), by the series whose
// terms are all positive.
func (s student) centre(t, tf float64) float64 {
	y := t * t / (s.df + t*t)
	sum, term := 1.0, 1.0
	for k := 0.0; term > 1e-17*sum; k++ {
		term *= ((s.df+1)/2 + k) / (1.5 + k) * y
		sum += term
	}
	return 2 * tf * sum
}

// tail returns the probability beyond -t and t, for t > 1.7, given
// tf = t·density(t): the incomplete beta function I_x(df/2, ½) at
// x = df/(df+t²), by its continued fraction (DLMF 8.17.22), which is evaluated
// by the method of Lentz.
func (s student) tail(t, tf float64) float64 {
	a, b, x := s.df/2, 0.5, s.df/(s.df+t*t)
	c, d := 1.0, 1/(1-(a+b)/(a+1)*x)
	f := d
	for m := 1.0; m < 1000; m++ {
		e := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / (1 + e*d)
		c = 1 + e/c
		f *= c * d
		e = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / (1 + e*d)
		c = 1 + e/c
		f *= c * d
		if math.Abs(c*d-1) < 1e-16 {
			break
		}
	}
	return tf / a * f
}
