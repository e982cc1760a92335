(** Where the close stands in the range of the last bars, and what lay before. *)

val stochastic :
  k:int -> d:int -> smooth:int -> high:Series.t -> low:Series.t -> close:Series.t -> Series.t * Series.t
(** (k, d), 0 to 100: [100 * (close - lowest low) / (highest high - lowest low)] over [k] bars (0 where the range is 0),
    averaged over [smooth] bars; d is the mean of [d] of these. Both begin together (TA-Lib STOCH, simple averages). *)

val highest : period:int -> high:Series.t -> Series.t
(** Highest high of the [period] bars before this one. *)

val lowest : period:int -> low:Series.t -> Series.t
(** Lowest low of the [period] bars before this one. *)

val avg_volume : period:int -> volume:Series.t -> Series.t
(** Mean volume of the [period] bars before this one. *)
