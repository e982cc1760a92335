open! Import

let sma ~period x = Series.rolling ~period x (fun ~first -> Series.mean x ~first ~length:period)

let wma ~period x =
  let weights = float_of_int (period * (period + 1)) /. 2.0 in
  Series.rolling ~period x (fun ~first ->
      let weighted = Array.init period (fun i -> float_of_int (i + 1) *. x.(first + i)) in
      Series.sum weighted ~first:0 ~length:period /. weights)

(* A recurrence that is seeded by the mean of its first [period] values. *)
let seeded ~period x step =
  let n = Array.length x in
  let result = Array.make n Series.absent in
  let first = Series.start x in
  let warm = first + period - 1 in
  if warm < n then begin
    result.(warm) <- Series.mean x ~first ~length:period;
    for i = warm + 1 to n - 1 do
      result.(i) <- step result.(i - 1) x.(i)
    done
  end;
  result

let ema_step ~period previous value =
  previous +. (2.0 /. float_of_int (period + 1) *. (value -. previous))

let wilder_step ~period previous value =
  let n = float_of_int period in
  ((previous *. (n -. 1.0)) +. value) /. n

let ema ~period x = seeded ~period x (ema_step ~period)
let wilder ~period x = seeded ~period x (wilder_step ~period)
