(** Strength of a trend, and how far the price is from its usual place. *)

type bar = { high : float; low : float; close : float }

type t = {
  seen : int;  (** bars *)
  last : bar;
  plus : float;
  minus : float;
  range : float;  (** faded sums of rises, falls and true ranges *)
  index : float;
}
(** Directional movement in the middle of a series. *)

val start : bar -> t
(** After the first bar of a series. *)

val step : period:int -> t -> bar -> t * (float * float * float) option
(** [step ~period t bar] is the movement behind one bar more, and {!adx} there; nothing until warm. *)

val adx : period:int -> high:Series.t -> low:Series.t -> close:Series.t -> Series.t * Series.t * Series.t
(** (adx, plus_di, minus_di), 0 to 100: Wilder's directional movement. Sums are seeded by the first [period - 1] changes
    and the index by the mean of the first [period] movements; the first value is at position [2 * period - 1]
    (TA-Lib ADX). [period >= 2]. *)

val cci : period:int -> high:Series.t -> low:Series.t -> close:Series.t -> Series.t
(** Commodity channel index: [(tp - sma tp) / (0.015 * mean absolute deviation)] of the typical price
    [(high + low + close) / 3]; 0 where there is no deviation (TA-Lib CCI). *)
