(** Strength of a trend, and how far the price is from its usual place. *)

val adx : period:int -> high:Series.t -> low:Series.t -> close:Series.t -> Series.t * Series.t * Series.t
(** (adx, plus_di, minus_di), 0 to 100: Wilder's directional movement. Sums are seeded by the first [period - 1] changes
    and the index by the mean of the first [period] movements; the first value is at position [2 * period - 1]
    (TA-Lib ADX). [period >= 2]. *)

val cci : period:int -> high:Series.t -> low:Series.t -> close:Series.t -> Series.t
(** Commodity channel index: [(tp - sma tp) / (0.015 * mean absolute deviation)] of the typical price
    [(high + low + close) / 3]; 0 where there is no deviation (TA-Lib CCI). *)
