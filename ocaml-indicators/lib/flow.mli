(** What volume says. *)

val obv : close:Series.t -> volume:Series.t -> Series.t
(** On-balance volume: volume is added when the close rises, taken off when it falls; it begins with the first bar's
    volume (TA-Lib OBV). *)

val balance : float -> change:float -> volume:float -> float
(** [balance total ~change ~volume] is the on-balance volume behind [total]; at the first bar [change] is 1. *)

val day : float -> float
(** Day (UTC) of a time in seconds. *)

val traded : high:float -> low:float -> close:float -> volume:float -> float
(** Typical price times volume. *)

val price : traded:float -> volume:float -> float
(** Mean price; absent where nothing was traded. *)

val vwap : period:int -> timestamp:Series.t -> high:Series.t -> low:Series.t -> close:Series.t -> volume:Series.t -> Series.t
(** Mean of the typical prices [(high + low + close) / 3], weighted by volume: over the last [period] bars, or, with
    [period = 0], since the day's beginning (UTC) by [timestamp], the bars' beginnings in seconds. Absent while no volume
    was traded. *)
