open! Import

let seconds_per_day = 86_400.0

let obv ~close ~volume =
  let total = ref 0.0 in
  Array.mapi
    (fun i value ->
      let change = if i = 0 then 1.0 else value -. close.(i - 1) in
      if change > 0.0 then total := !total +. volume.(i)
      else if change < 0.0 then total := !total -. volume.(i);
      !total)
    close

let vwap ~period ~timestamp ~high ~low ~close ~volume =
  let traded = Array.mapi (fun i value -> (high.(i) +. low.(i) +. value) /. 3.0 *. volume.(i)) close in
  let day i = Float.floor (timestamp.(i) /. seconds_per_day) in
  let weigh ~first ~length =
    let weight = Series.sum volume ~first ~length in
    if weight > 0.0 then Series.sum traded ~first ~length /. weight else Series.absent
  in
  let opened = ref 0 in
  Array.mapi
    (fun i _ ->
      if period > 0 then
        if i < period - 1 then Series.absent else weigh ~first:(i - period + 1) ~length:period
      else begin
        if i > 0 && day i <> day (i - 1) then opened := i;
        weigh ~first:!opened ~length:(i - !opened + 1)
      end)
    close
