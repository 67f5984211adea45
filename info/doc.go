// Package info measures finite distributions: entropy, cross entropy,
// Kullback–Leibler and Jensen–Shannon divergence, distances, the information
// that two variables share, and entropy estimated from counts. Everything is in
// nats; [surprisal.Unit] converts.
//
// There are two forms of each measure.
//
// The functions that take slices check nothing about what is in them, for inner
// loops: they are sums of terms, defined whether or not the numbers sum to 1.
// They keep these conventions. An outcome with p = 0 contributes 0, whatever
// finite q it has (0·log 0 = 0). An outcome that q gives 0 and p does not makes
// cross entropy and KL +Inf. A NaN or a negative number anywhere makes the
// result NaN; it is never dropped (only [TotalVariation] has a use for negative
// numbers). No outcomes at all is no data: NaN, not 0. Slices of different
// lengths panic. Nothing is clipped, floored or rescaled.
//
// A [Distribution] was checked when it was made, and its methods hold what
// theory promises of them: no divergence is negative, and the divergence of
// equal distributions is exactly 0.
//
// Every sum is the exact sum of its terms, rounded once. Permuting the outcomes
// cannot change a bit of any result.
//
// In all argument orders p comes first: the distribution that outcomes come
// from, or the observed one; q is the belief or model that is held against it.
package info
