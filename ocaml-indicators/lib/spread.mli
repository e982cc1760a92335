(** How widely prices are spread: deviations, bands, ranges. *)

val stddev : period:int -> Series.t -> Series.t
(** Population standard deviation of the last [period] values. *)

val bollinger : period:int -> deviations:float -> Series.t -> Series.t * Series.t * Series.t
(** (upper, middle, lower): simple mean and [deviations] population deviations on either side. *)

val reach : before:float -> high:float -> low:float -> float
(** True range of one bar: [max(high, before) - min(low, before)], where [before] is the close before it. *)

val true_range : high:Series.t -> low:Series.t -> close:Series.t -> Series.t
(** [max(high, close(t-1)) - min(low, close(t-1))]; absent at the first bar, which has no previous close. *)

val atr : period:int -> high:Series.t -> low:Series.t -> close:Series.t -> Series.t
(** Wilder's average true range; first value at position [period]. *)

val keltner :
  period:int -> multiplier:float -> atr_period:int -> high:Series.t -> low:Series.t -> close:Series.t ->
  Series.t * Series.t * Series.t
(** (upper, middle, lower): exponential mean of the closes and [multiplier] average true ranges on either side. *)

val donchian : period:int -> high:Series.t -> low:Series.t -> Series.t * Series.t * Series.t
(** (upper, middle, lower): highest high and lowest low of the last [period] bars, this one among them, and their mean. *)
